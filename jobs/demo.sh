#!/usr/bin/env bash
# The main job on the data that the repository carries: ingest, train with and without diffraction patterns, evaluate on
# formulas never trained on, screen, report. Results in demo/. A second run continues what was interrupted and redoes the rest.
#   usage: jobs/demo.sh [OUTPUT]      XXACT: the program, XXACT_RANKS: MPI ranks (default 2)
set -euo pipefail
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n 's/^# \{0,1\}//; 2,4p' "${BASH_SOURCE[0]}"
  exit
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-$root/demo}
xxact=${XXACT:-$root/build/release/bin/xxact}
if [[ ! -x $xxact && -z ${XXACT:-} ]]; then xxact=$root/../../bin/xxact; fi  # installed: this file lies in share/xxact/jobs
ranks=${XXACT_RANKS:-2}
started=$SECONDS
mkdir -p "$out"

# One thread a core over all ranks: without this, waiting threads of one rank take the cores of another.
export OMP_WAIT_POLICY=passive OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
run() {
  printf '\n$ mpirun -n %s xxact %s\n' "$ranks" "$*"
  mpirun -n "$ranks" "$xxact" "$@"
}

for set in perovskites mp20; do
  run ingest "$root/data/$set.csv.gz" --output "$out/$set.h5" --symmetry given
done

train() {  # SET MODEL
  local folder=$out/$1/$2 resume=()
  if grep -qs '"finished": true' "$folder/summary.json"; then rm -rf "$folder"; fi
  if [[ -e $folder/metrics.jsonl ]]; then resume=(--resume); fi
  run train --config "$root/configs/demo/$1-$2.ini" --data "$out/$1.h5" --output "$folder" "${resume[@]}"
  run evaluate --model "$folder" --data "$out/$1.h5" --split test --output "$folder/test"
}
train perovskites composition
train perovskites xrd
train perovskites bimodal
train mp20 bimodal

run screen --model "$out/perovskites/bimodal" --data "$out/perovskites.h5" --output "$out/screening" --rank-by formation_energy_per_atom --top 100
"$xxact" report --input "$out" --output "$out/report.html" --title "XxaCT demonstration"

printf '\n%-38s %12s\n' "test set: formulas never trained on" "error"
for folder in perovskites/composition perovskites/xrd perovskites/bimodal mp20/bimodal; do
  python3 - "$out/$folder/test/metrics.json" "$folder" <<'PY'
import json, sys
metrics, name = json.load(open(sys.argv[1])), sys.argv[2]
line = f"{name:<26} formation energy MAE {metrics['formation_energy_per_atom']['mae']:.4f} eV/atom"
if "crystal_system" in metrics:
    line += f", crystal system accuracy {metrics['crystal_system']['accuracy']:.3f}"
print(line)
PY
done
printf 'took %d min %02d s on %s ranks\nreport: %s\n' $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) "$ranks" "$out/report.html"
