#!/usr/bin/env bash
# Collective writing of one array against `dd bs=1M conv=fsync` of as many bytes into the same folder: medians of alternating
# runs until the bytes are on the storage, on 1 and 2 ranks. usage: write_against_dd.sh LOAD_BENCH FOLDER [GIB] [RUNS]
# The ratio compares bytes a second: above 1, the writer is faster.
set -euo pipefail
bench=$1 folder=$2 gib=${3:-1} runs=${4:-5}
bytes=$(awk -v g="$gib" 'BEGIN {printf "%d", g * 1073741824 / 12 + 0.5}')
bytes=$((bytes * 12))
trap 'rm -f "$folder/by-dd" "$folder/by-ranks.h5"' EXIT

median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

dd_rates='' rates=('' '')
for ((run = 0; run < runs; ++run)); do
  rm -f "$folder/by-dd"
  began=$EPOCHREALTIME
  dd if=/dev/zero of="$folder/by-dd" bs=1M iflag=count_bytes count="$bytes" conv=fsync status=none
  dd_rates+="$(awk -v a="$began" -v b="$EPOCHREALTIME" -v n="$bytes" 'BEGIN {print n / (b - a) / 1e9}')"$'\n'
  for ranks in 1 2; do
    rm -f "$folder/by-ranks.h5"
    line=$(mpirun -n $ranks "$bench" --write "$folder/by-ranks.h5" "$gib")
    [[ $line == *'"no_collective_cause": 0}' ]] || { echo "a transfer was not collective: $line" >&2; exit 1; }
    rates[ranks - 1]+="$(sed -E 's/.*"write_gb_per_s": ([0-9.]+).*/\1/' <<<"$line")"$'\n'
  done
done
for ranks in 1 2; do
  awk -v ranks=$ranks -v rate="$(printf %s "${rates[ranks - 1]}" | median)" -v dd="$(printf %s "$dd_rates" | median)" \
    'BEGIN {printf "%d ranks: collective %.3f GB/s, dd %.3f GB/s, ratio %.2f\n", ranks, rate, dd, rate / dd}'
done
