#!/usr/bin/env bash
# Bytes and seconds of a synthesized dataset, uncompressed and deflated: what compression costs and saves.
# usage: dataset_size.sh XXACT PARENTS.h5 FOLDER [COUNT] [RANKS]
set -euo pipefail
xxact=$1 parents=$2 folder=$3 count=${4:-1000000} ranks=${5:-2}
trap 'rm -f "$folder"/size-*.h5' EXIT
for level in 0 1 4; do
  file=$folder/size-$level.h5
  began=$EPOCHREALTIME
  mpirun -n "$ranks" "$xxact" synthesize --parents "$parents" --count "$count" --seed 1 --compress $level --output "$file" >/dev/null 2>&1
  ended=$EPOCHREALTIME
  atoms=$("$xxact" inspect "$file" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["atoms"])')
  awk -v level=$level -v bytes="$(stat -c %s "$file")" -v n="$count" -v atoms="$atoms" -v a="$began" -v b="$ended" \
    'BEGIN {printf "deflate %d: %d bytes, %.1f a structure beside 13.2 an atom, %.1f s\n", level, bytes, (bytes - 13.2 * atoms) / n, b - a}'
done
