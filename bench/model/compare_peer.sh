#!/usr/bin/env bash
# Our training and inference rates against the PyTorch peer's, in turns, on the same machine and sizes.
# usage: compare_peer.sh BENCH_TRAIN_STEP PEER_DATA [ROUNDS=3] [THREADS=2]
#   PEER_DATA: folder written by bench/peer/prepare.py; PYTHON: interpreter with torch, numpy (default python3).
set -euo pipefail
bench=$1 data=$2 rounds=${3:-3} threads=${4:-2}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
for ((round = 1; round <= rounds; ++round)); do
  for mode in bimodal composition xrd; do
    peer_mode=${mode/composition/comp}
    ours=$("$bench" --set mode=$mode --batch 128 --threads "$threads")
    theirs=$("$python" "$here/../peer/xxact_torch.py" --data "$data" --bench --batch 128 --threads "$threads" --set mode="$peer_mode" patch=64)
    echo "$mode|$ours|$theirs" | tee -a "$rows" >&2
  done
done
"$python" - "$rows" <<'PY'
import json, statistics, sys
rates = {}
for line in open(sys.argv[1]):
    mode, ours, theirs = line.split("|")
    for key in ("train_sps", "infer_sps"):
        rates.setdefault((mode, key), []).append((json.loads(ours)[key], json.loads(theirs)[key]))
print(f"{'mode':12} {'rate':10} {'ours':>9} {'peer':>9} {'ratio':>6}   (medians of {len(next(iter(rates.values())))} rounds, samples/s)")
for (mode, key), pairs in rates.items():
    ours, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    print(f"{mode:12} {key:10} {ours:9.0f} {theirs:9.0f} {ours / theirs:6.2f}")
PY
