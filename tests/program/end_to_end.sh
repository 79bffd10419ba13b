# From structures to ranked predictions on any number of ranks: the same dataset hash, rows for every input, files of the contract.
data=$XXACT_SOURCE_DIR/data
# The HDF5 files are read by h5py, where there is one.
python=$XXACT_SOURCE_DIR/.venv/bin/python3
[[ -x $python ]] || python=python3
"$python" -c 'import h5py' || { echo "no h5py: HDF5 files are not read"; python=true; }
rm -rf run set.h5* screening streamed whole part alone together
$MPIRUN "$XXACT" ingest "$data/perovskites.csv.gz" --symmetry none --output set.h5 | tee ingest.txt
tail -n 1 ingest.txt | grep -x 'ingested 3787 structures, 0 rejected'
"$XXACT" inspect set.h5 --json > inspect.json
options=(--mode bimodal --patch 128 --width 32 --epochs 0.5 --tasks formation_energy_per_atom,band_gap)
$MPIRUN "$XXACT" train --data set.h5 --output run --dry-run "${options[@]}" > dry-run.txt
grep -q 'steps  ' dry-run.txt
# One process that pretends to be one of a thousand ranks of eight a node.
"$XXACT" train --data set.h5 --output run --dry-run --pretend-ranks 1024 --machine tflops=0.1 "${options[@]}" > pretended.txt
grep -q 'pretended   1024 ranks on 128 nodes; 1 samples a step and rank in 1 forward pass' pretended.txt
grep -q 'messages    3 a step' pretended.txt  # the loss, and gradients in two buckets
grep -q 'rank        0.1 TFLOP/s, given' pretended.txt
[[ ! -e run ]]
$MPIRUN "$XXACT" train --data set.h5 --output run "${options[@]}"
for file in config.ini metrics.jsonl best.h5 summary.json; do [[ -s run/$file ]] || { echo "no run/$file"; exit 1; }; done
ls run/checkpoints/*.h5
code=0
$MPIRUN "$XXACT" train --data set.h5 --output run "${options[@]}" 2> again.txt || code=$?
[[ $code == 64 ]]
grep -q 'already holds a run' again.txt
$MPIRUN "$XXACT" evaluate --model run --data set.h5 --split test --output run/test > metrics.txt
grep -q 'formation_energy_per_atom' metrics.txt
python3 - <<'PY'
import json
m = json.load(open("run/test/metrics.json"))
assert m["formation_energy_per_atom"]["n"] == m["n"] > 300, m
assert set(m["band_gap"]) >= {"mae", "mae_nonmetal", "metal_auc", "rmse", "r2", "n"}, m
lines = [json.loads(l) for l in open("run/metrics.jsonl")]
assert [l["step"] for l in lines] == list(range(1, len(lines) + 1))
assert all(k in lines[-1] for k in ("consumed_samples", "loss", "learning_rate", "gradient_norm", "samples_per_s", "data_wait_s", "comm_wait_s", "memory_bytes", "validation"))
PY
# A node with too little memory: training says how to stream, the others read part by part and find the same.
code=0
$MPIRUN "$XXACT" train --data set.h5 --output streamed --memory-gib 0.001 "${options[@]}" 2> large.txt || code=$?
[[ $code == 64 ]]
grep -q -e '--window-rows [0-9]' large.txt
$MPIRUN "$XXACT" train --data set.h5 --output streamed --window-rows 1024 --window-block 128 "${options[@]}"
$MPIRUN "$XXACT" evaluate --model run --data set.h5 --split test --output run/test-part --memory-gib 0.001
$MPIRUN "$XXACT" screen --model run --data set.h5 --output whole
$MPIRUN "$XXACT" screen --model run --data set.h5 --output part --memory-gib 0.001 2> part.txt
grep -q 'are read part by part' part.txt
cmp whole/ranking.csv part/ranking.csv
# Ranks share out whole batches, of one dataset behind another too, so that sums are rounded alike on any number of them; the kernels of old processors show where they do not.
export MKL_ENABLE_INSTRUCTIONS=SSE4_2 ATEN_CPU_CAPABILITY=default
"$XXACT" screen --model run --data "$data/phases" set.h5 --output alone --threads 1
$MPIRUN "$XXACT" screen --model run --data "$data/phases" set.h5 --output together --threads 1 --memory-gib 0.001
unset MKL_ENABLE_INSTRUCTIONS ATEN_CPU_CAPABILITY
"$python" - <<'PY'
import h5py
alone, together = (h5py.File(f"{name}/predictions.h5")["prediction/formation_energy_per_atom/value"][...].tobytes() for name in ("alone", "together"))
assert alone == together
PY
python3 - <<'PY'
import json
a, b = (json.load(open(f"run/{name}/metrics.json")) for name in ("test", "test-part"))
assert a["n"] == b["n"] and abs(a["band_gap"]["mae"] - b["band_gap"]["mae"]) < 1e-9, (a, b)
PY
# A folder with a good and a broken file: screened on the way, the broken one has a row with its reason.
mkdir -p cifs
cat > cifs/salt.cif <<'CIF'
data_NaCl
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Na1 Na+ 0 0 0
Cl1 Cl- 0.5 0.5 0.5
CIF
printf 'data_broken\n_cell_length_a abc\n' > cifs/broken.cif
$MPIRUN "$XXACT" screen --model run --data cifs --output screening --rank-by formation_energy_per_atom --top 5 | tee screen.txt
grep -q 'screened 2 inputs: 1 predicted, 0 not predictable, 1 rejected' screen.txt
[[ $(wc -l < screening/ranking.csv) == 2 ]]
"$XXACT" inspect screening/predictions.h5
$MPIRUN "$XXACT" report --input run screening --output report.html
grep -q '<svg\|<table' report.html
