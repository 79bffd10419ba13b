# Everything that can be predicted, by a convolutional encoder with angles: from training to a ranking, the same on any number of ranks.
data=$XXACT_SOURCE_DIR/data
rm -rf rows.csv set.h5* run screening other both of-other value groups by-group
awk '/^mp-/ {n++} n > 600 {exit} {print}' <(zcat "$data/mp20.csv.gz") > rows.csv
"$XXACT" ingest rows.csv --symmetry given --output set.h5 > ingest.txt
tasks=formation_energy_per_atom,band_gap,crystal_system,space_group,lattice_a,lattice_b,lattice_c,lattice_volume
$MPIRUN "$XXACT" train --data set.h5 --output run --tasks "$tasks" --gap-head mixture --xrd-encoder convolution --sine-squared on --width 16 --global-batch 60 --epochs 12 --learning-rate 1e-2
$MPIRUN "$XXACT" evaluate --model run --data set.h5 --split all --output run/all > metrics.txt
"$XXACT" evaluate --model run --data set.h5 --split all --output run/alone > alone.txt
$MPIRUN "$XXACT" screen --model run --data set.h5 --rank-by metal_probability:desc --output screening
# Two models are one distribution, whose median and interval are said.
$MPIRUN "$XXACT" train --data set.h5 --output other --tasks band_gap --gap-head mixture --mode composition --width 16 --global-batch 60 --epochs 4 --seed 1
$MPIRUN "$XXACT" screen --model run other --data set.h5 --output both
$MPIRUN "$XXACT" screen --model other --data set.h5 --output of-other
$MPIRUN "$XXACT" train --data set.h5 --output value --tasks band_gap --mode composition --width 16 --global-batch 60 --epochs 1
code=0
"$XXACT" screen --model run value --data set.h5 --output none 2> refused.txt || code=$?
[[ $code == 64 ]]
grep -q gap-head refused.txt
# A model of classes alone is ranked by how sure it is.
$MPIRUN "$XXACT" train --data set.h5 --output groups --tasks space_group --mode xrd --width 16 --global-batch 60 --epochs 1
$MPIRUN "$XXACT" screen --model groups --data set.h5 --output by-group
head -2 by-group/ranking.csv | grep -q space_group_probability
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
def gaps(folder):
    with h5py.File(f"{folder}/predictions.h5") as f:
        return {name: f[f"prediction/band_gap/{name}"][:] for name in ("value", "std", "lo90", "hi90", "metal_probability")}
one, other, both = gaps("screening"), gaps("of-other"), gaps("both")
assert np.allclose(both["metal_probability"], (one["metal_probability"] + other["metal_probability"]) / 2, atol=1e-5)
assert np.all(both["value"][both["metal_probability"] > 0.5001] == 0)
assert np.all(both["value"] >= np.minimum(one["value"], other["value"]) - 1e-4) and np.all(both["value"] <= np.maximum(one["value"], other["value"]) + 1e-4)
for said in (one, other, both):
    assert np.all(said["lo90"] >= 0) and np.all(said["lo90"] <= said["value"]) and np.all(said["value"] <= said["hi90"]) and np.all(np.isfinite(said["std"]))
assert np.all((group >= 1) & (group <= 230)) and np.all((sure > 1 / 230) & (sure <= 1))
PY
# A dataset without structures has none of what follows from them.
printf 'formula,target\nNaCl,-2\nKCl,-2.1\nLiF,-3\n' > formulas.csv
"$XXACT" ingest formulas.csv --output formulas.h5 > ingest.txt
code=0
"$XXACT" train --data formulas.h5 --output none --mode composition --tasks lattice_a 2> refused.txt || code=$?
[[ $code == 65 ]]
grep -q lattice_a refused.txt
