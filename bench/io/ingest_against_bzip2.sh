#!/usr/bin/env bash
# Ingest of Alexandria's JSON as bzip2 against `bzip2 -d` alone, in alternating runs of one rank, and the rate with zstd.
# usage: ingest_against_bzip2.sh XXACT PARENTS.h5 FOLDER [COUNT] [RUNS]
# The ratio compares times: 1 means that parsing, checking and writing cost nothing beside decompression.
set -euo pipefail
xxact=$1 parents=$2 folder=$3 count=${4:-200000} runs=${5:-5}
trap 'rm -rf "$folder"/campaign.json.* "$folder"/campaign-*.h5*' EXIT

median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
seconds() {  # COMMAND...
  local began=$EPOCHREALTIME
  "$@" >/dev/null 2>&1
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}'
}
ingest() { "$xxact" ingest --input "$folder/campaign.json.$1" --output "$folder/campaign-$1.h5" --symmetry given; }
processor_seconds() { { TIMEFORMAT='%U %S'; time ingest zst >/dev/null 2>&1; } 2>&1 | awk '{print $1 + $2}'; }

for form in bz2 zst; do "$xxact" synthesize --parents "$parents" --count "$count" --seed 2 --output "$folder/campaign.json.$form" >/dev/null 2>&1; done
ratios='' rates=''
for ((run = 0; run < runs; ++run)); do
  alone=$(seconds bzip2 -dc "$folder/campaign.json.bz2")
  whole=$(seconds ingest bz2)
  printf 'bzip2 -d %.2f s, ingest %.2f s\n' "$alone" "$whole"
  ratios+="$(awk -v a="$alone" -v b="$whole" 'BEGIN {print a / b}')"$'\n'
  rates+="$(awk -v n="$count" -v s="$(processor_seconds)" 'BEGIN {print n / s}')"$'\n'
done
awk -v ratio="$(printf %s "$ratios" | median)" -v rate="$(printf %s "$rates" | median)" \
  'BEGIN {printf "bzip2: %.2f of the speed of bzip2 -d; zstd: %d structures a second and core\n", ratio, rate}'
