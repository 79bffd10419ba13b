# Everything that can be predicted, by a convolutional encoder with angles: from training to a ranking, the same on any number of ranks.
data=$XXACT_SOURCE_DIR/data
rm -rf rows.csv set.h5* run screening
awk '/^mp-/ {n++} n > 600 {exit} {print}' <(zcat "$data/mp20.csv.gz") > rows.csv
"$XXACT" ingest rows.csv --symmetry given --output set.h5 > ingest.txt
tasks=formation_energy_per_atom,band_gap,crystal_system,space_group,lattice_a,lattice_b,lattice_c,lattice_volume
$MPIRUN "$XXACT" train --data set.h5 --output run --tasks "$tasks" --gap-head mixture --xrd-encoder convolution --sine-squared on --width 16 --global-batch 60 --epochs 12 --learning-rate 1e-2
$MPIRUN "$XXACT" evaluate --model run --data set.h5 --split all --output run/all > metrics.txt
"$XXACT" evaluate --model run --data set.h5 --split all --output run/alone > alone.txt
$MPIRUN "$XXACT" screen --model run --data set.h5 --rank-by metal_probability:desc --output screening
head -1 screening/ranking.csv | grep -q 'space_group,space_group_probability,metal_probability'
"$XXACT" inspect screening/predictions.h5 > inspect.txt
"$XXACT" report --input run --output report.html > report.txt
grep -q 'space group' report.html
"$XXACT_SOURCE_DIR/.venv/bin/python3" - <<'PY'
import h5py, json, math
import numpy as np
m, alone = (json.load(open(f"run/{name}/metrics.json")) for name in ("all", "alone"))
tasks = ["formation_energy_per_atom", "band_gap", "crystal_system", "space_group", "lattice_a", "lattice_b", "lattice_c", "lattice_volume"]
for task in tasks:
    key = "accuracy" if task in ("crystal_system", "space_group") else "mae"
    assert math.isclose(m[task][key], alone[task][key], rel_tol=1e-3), (task, m[task], alone[task])
    assert m[task]["n"] == m["n"], m[task]
assert m["space_group"]["crystal_system_accuracy"] >= m["space_group"]["accuracy"], m["space_group"]
assert m["crystal_system"]["accuracy"] > 0.15 and 0.4 < m["band_gap"]["metal_auc"] <= 1, m
with h5py.File("screening/predictions.h5") as f:
    metal, gap = f["prediction/band_gap/metal_probability"][:], f["prediction/band_gap/value"][:]
    group, sure = f["prediction/space_group/number"][:], f["prediction/space_group/probability"][:]
assert np.all((metal >= 0) & (metal <= 1)) and np.all(gap[metal >= 0.5] == 0) and np.all(gap >= 0)
assert np.all((group >= 1) & (group <= 230)) and np.all((sure > 1 / 230) & (sure <= 1))
PY
# A dataset without structures has none of what follows from them.
printf 'formula,target\nNaCl,-2\nKCl,-2.1\nLiF,-3\n' > formulas.csv
"$XXACT" ingest formulas.csv --output formulas.h5 > ingest.txt
code=0
"$XXACT" train --data formulas.h5 --output none --mode composition --tasks lattice_a 2> refused.txt || code=$?
[[ $code == 65 ]]
grep -q lattice_a refused.txt
