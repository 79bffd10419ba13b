#!/usr/bin/env bash
# Reading by the loader against `dd bs=1M` of the same file: medians of alternating runs, with a warm and with an empty
# page cache, on 1 and 2 ranks. /dev/shm must have room for the file. usage: read_against_dd.sh LOAD_BENCH FILE.h5 [RUNS]
# The ratios compare bytes a second: above 1, the loader is faster. dd fills the same megabyte again and again, which
# stays in the processor's cache. "streamed" does the same and computes checksums (the pass that begins a streamed run);
# "held" fills the memory of all arrays too. The limit of that is how fast dd fills memory: `dd of=/dev/shm/...` over pages
# that are there already.
set -euo pipefail
bench=$1 file=$2 runs=${3:-5}
bytes=$(stat -c %s "$file")

median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
field() { sed -E "s/.*\"$1\": ([0-9.]+).*/\1/"; }
drop() { sync "$file"; dd if="$file" iflag=nocache count=0 status=none; }

dd_rate() {  # TARGET
  local began=$EPOCHREALTIME
  dd if="$file" of="$1" bs=1M conv=notrunc status=none
  awk -v a="$began" -v b="$EPOCHREALTIME" -v n="$bytes" 'BEGIN {print n / (b - a) / 1e9}'
}

copy=$(mktemp -p /dev/shm)
trap 'rm -f "$copy"' EXIT
cp "$file" "$copy"
for cache in warm cold; do
  dd_rates='' copy_rates='' rates=('' '') verify=('' '') seconds=('' '') memory=('' '')
  [[ $cache == warm ]] && cat "$file" >/dev/null
  for ((run = 0; run < runs; ++run)); do
    [[ $cache == cold ]] && drop
    dd_rates+="$(dd_rate /dev/null)"$'\n'
    [[ $cache == cold ]] && drop
    copy_rates+="$(dd_rate "$copy")"$'\n'
    for ranks in 1 2; do
      options=()
      [[ $cache == cold ]] && options=(--cold)
      line=$(mpirun -n $ranks "$bench" "$file" "${options[@]}")
      rates[ranks - 1]+="$(field read_gb_per_s <<<"$line")"$'\n'
      verify[ranks - 1]+="$(field verify_gb_per_s <<<"$line")"$'\n'
      seconds[ranks - 1]+="$(field load_s <<<"$line")"$'\n'
      memory[ranks - 1]+="$(field pss_over_arrays <<<"$line")"$'\n'
    done
  done
  dd_median=$(printf %s "$dd_rates" | median)
  copy_median=$(printf %s "$copy_rates" | median)
  for ranks in 1 2; do
    awk -v cache=$cache -v ranks=$ranks -v rate="$(printf %s "${rates[ranks - 1]}" | median)" -v verify="$(printf %s "${verify[ranks - 1]}" | median)" \
      -v dd="$dd_median" -v copy="$copy_median" -v load="$(printf %s "${seconds[ranks - 1]}" | median)" -v memory="$(printf %s "${memory[ranks - 1]}" | median)" \
      'BEGIN {printf "%s cache, %d ranks: streamed %.2f GB/s, held %.2f, dd %.2f, dd into memory %.2f; streamed/dd %.2f, held/dd %.2f, held/dd into memory %.2f; loaded and checked in %.2f s; memory %.3f times the arrays\n",
              cache, ranks, verify, rate, dd, copy, verify / dd, rate / dd, rate / copy, load, memory}'
  done
done
