# Studies as their users run them: on any ranks, interrupted and gone on with, refused; embeddings.
data=$XXACT_SOURCE_DIR/data
# The HDF5 files are read by h5py, where there is one.
python=$XXACT_SOURCE_DIR/.venv/bin/python3
[[ -x $python ]] || python=python3
"$python" -c 'import h5py, numpy' || { echo "no h5py: HDF5 files are not read"; python=true; }
rm -rf set.h5* scaling experiment ablation measured unequal embeddings either
"$XXACT" ingest "$data/perovskites.csv.gz" --symmetry none --output set.h5 > ingest.txt
options=(--data set.h5 --tasks formation_energy_per_atom --patch 128 --width 16 --epochs 0.5 --seeds 2)
design=(--sizes 4 --factor 8 --targets 0.05 --bootstrap 50 --coverage 20)
$MPIRUN "$XXACT" scaling "${options[@]}" "${design[@]}" --output scaling --dry-run > budget.txt
grep -q '16 runs: 2 arms, 4 sizes' budget.txt
[[ ! -e scaling/runs ]]
# Ranks are asked to stop: runs that were done stay done, the others go on from their checkpoints.
XXACT_JOB_END_TIME=$(($(date +%s) + 3)) $MPIRUN "$XXACT" scaling "${options[@]}" "${design[@]}" --output scaling --stop-before-end 1 > stopped.txt 2>&1 || code=$?
[[ ${code:-0} == 75 || ${code:-0} == 0 ]]
$MPIRUN "$XXACT" scaling "${options[@]}" "${design[@]}" --output scaling > scaling.txt 2> again.txt
grep -q '16 runs, [0-9]* of them done before' again.txt
for file in runs.csv scaling.csv scaling.json scaling.h5 scaling_formation_energy_per_atom.svg; do [[ -s scaling/$file ]] || { echo "no scaling/$file"; exit 1; }; done
[[ $(wc -l < scaling/runs.csv) == 17 ]]
"$python" - <<'PY'
import csv, h5py, json
runs = list(csv.DictReader(open("scaling/runs.csv")))
sizes = sorted({int(r["training_rows"]) for r in runs})
assert len(sizes) == 4 and sizes[-1] == 3076 and abs(sizes[0] - 3076 / 8) < 1, sizes
assert len({r["steps"] for r in runs}) == 1, "all runs do the same steps"
task = json.load(open("scaling/scaling.json"))["tasks"][0]
for arm in task["arms"]:
    for form in ("without_floor", "with_floor"):
        law = arm[form]
        low, high = (law["exponent_interval"][k] for k in ("low", "high"))
        assert float(low) <= law["exponent"] <= float(high), law
    assert len(arm["points"]) == 8 and len(arm["targets"]) == 1
with h5py.File("scaling/scaling.h5") as f:
    errors = f["formation_energy_per_atom/bimodal/runs/error"][:]
    assert sorted(errors) == sorted(p["error"] for p in task["arms"][1]["points"])
    assert f["formation_energy_per_atom/bimodal/without_floor/exponent"].shape == (3,)
assert 0 < task["composition_floor"]["deviation"] < 0.5
PY
# Another design in the same folder is refused, and says what to do.
code=0
$MPIRUN "$XXACT" scaling --data set.h5 --tasks formation_energy_per_atom --patch 128 --width 32 --epochs 0.5 --seeds 2 "${design[@]}" --output scaling 2> other.txt || code=$?
[[ $code == 64 ]]
grep -q 'was made with another configuration (config)' other.txt
code=0
$MPIRUN "$XXACT" scaling "${options[@]}" "${design[@]}" --split validation --output scaling 2> other.txt || code=$?
[[ $code == 64 ]]
grep -q 'another configuration (evaluated_on)' other.txt
code=0
$MPIRUN "$XXACT" scaling "${options[@]}" "${design[@]}" --output none --arm 'a widht=3' 2> unknown.txt || code=$?
[[ $code == 64 ]]
grep -q widht unknown.txt

arms=(--arm scratch --arm "tuned init=scaling/runs/bimodal-rows1-length1-seed{seed}")
$MPIRUN "$XXACT" experiment pretraining "${options[@]}" --output experiment --lengths 0.5,1 "${arms[@]}" > experiment.txt
grep -q 'sooner at validation' experiment.txt
python3 - <<'PY'
import json
task = json.load(open("experiment/experiment.json"))["tasks"][0]
assert [(a["arm"], a["length"]) for a in task["arms"]] == [("scratch", 0.5), ("scratch", 1.0), ("tuned", 0.5), ("tuned", 1.0)]
assert all(len(c) >= 1 for a in task["arms"] for c in a["courses"])
# What is to be reached is what every seed of the first arm reaches.
scratch = task["arms"][1]
assert task["thresholds"] == [max(min(error for _, error in course) for course in scratch["courses"])], task["thresholds"]
assert scratch["reached"][0]["compared"] == 2
PY
[[ ! -e experiment/runs/.queue ]]
code=0
$MPIRUN "$XXACT" experiment pretraining "${options[@]}" --output experiment --lengths 0.5,1 --arm scratch --arm "tuned init=scaling/runs/bimodal-rows0.5-length1-seed{seed}" 2> other.txt || code=$?
[[ $code == 64 ]]
grep -q 'another configuration (initial)' other.txt
for plot in learning length; do [[ -s experiment/${plot}_formation_energy_per_atom.svg ]] || { echo "no plot of $plot"; exit 1; }; done

# Arms with tasks of their own: each task is compared between those that have it.
$MPIRUN "$XXACT" experiment ablation "${options[@]}" --output ablation --arm energy --arm "both tasks=formation_energy_per_atom,band_gap" --arm "gap tasks=band_gap" > ablation.txt
if grep -q 'sooner' ablation.txt; then exit 1; fi
python3 - <<'PY'
import json
tasks = json.load(open("ablation/experiment.json"))["tasks"]
assert [(t["task"], t["reference"], [a["arm"] for a in t["arms"]]) for t in tasks] == [("formation_energy_per_atom", "energy", ["energy", "both"]), ("band_gap", "both", ["both", "gap"])], tasks
assert all(a["difference"]["mean"] == 0 for t in tasks for a in t["arms"][:1])
PY
code=0
$MPIRUN "$XXACT" experiment ablation "${options[@]}" --output ablation --arm energy --threshold 0.1 2> threshold.txt || code=$?
[[ $code == 64 ]]
grep -q 'threshold' threshold.txt

# Models are tested on measured-like patterns, and a study's are validated on them.
$MPIRUN "$XXACT" experiment ablation "${options[@]}" --output measured --test-artefacts 1 --arm scratch > measured.txt
code=0
$MPIRUN "$XXACT" experiment ablation "${options[@]}" --output measured --test-artefacts 0.5 --arm scratch 2> other.txt || code=$?
[[ $code == 64 ]]
grep -q 'another configuration (test_artefacts)' other.txt
code=0
$MPIRUN "$XXACT" experiment ablation "${options[@]}" --output measured --arm scratch 2> other.txt || code=$?
[[ $code == 64 ]]
grep -q 'another configuration (test_artefacts)' other.txt
run=measured/runs/scratch-rows1-length1-seed0
for artefacts in 0 1; do $MPIRUN "$XXACT" evaluate --model $run --data set.h5 --test-artefacts $artefacts --output measured/$artefacts > evaluated.txt; done
python3 - <<'PY'
import json
def error(file):
    m = json.load(open(file))
    return m.get("metrics", m)["formation_energy_per_atom"]["mae"]
assert abs(error("measured/runs/scratch-rows1-length1-seed0/result.json") - error("measured/1/metrics.json")) < 1e-5
assert error("measured/1/metrics.json") != error("measured/0/metrics.json")
PY
code=0
"$XXACT" evaluate --model $run --data set.h5 --test-artefacts 1 --memory-gib 0.001 --output none 2> parts.txt || code=$?
[[ $code == 64 ]]
grep -q 'impurities' parts.txt

# A group that is done waits for the others, longer than ranks within a step may.
if [[ -n ${MPIRUN:-} ]]; then
  $MPIRUN "$XXACT" experiment ablation --data set.h5 --tasks formation_energy_per_atom --mode composition --width 16 --seeds 1 --watchdog 4 --output unequal --arm "long epochs=100" --arm "short epochs=0.1" > unequal.txt
  python3 - <<'PY'
import json
seconds = {arm: json.load(open(f"unequal/runs/{arm}-rows1-length1-seed0/result.json"))["summary"]["seconds"] for arm in ("long", "short")}
if seconds["long"] - seconds["short"] < 5: print(f"this machine is too fast for the test to say anything: {seconds}")
PY
fi

# One model that works with both inputs and with either.
$MPIRUN "$XXACT" train --data set.h5 --tasks formation_energy_per_atom --patch 128 --width 16 --epochs 0.5 --drop-composition 0.2 --drop-pattern 0.2 --output either
for shown in all composition pattern; do $MPIRUN "$XXACT" evaluate --model either --data set.h5 --show $shown --output either/$shown > either.txt; done
python3 - <<'PY'
import json
errors = {s: json.load(open(f"either/{s}/metrics.json"))["formation_energy_per_atom"]["mae"] for s in ("all", "composition", "pattern")}
assert len(set(errors.values())) == 3 and all(0 < e < 2 for e in errors.values()), errors
PY
code=0
"$XXACT" screen --model scaling/runs/composition-rows1-length1-seed0 --data set.h5 --show pattern --output none 2> shown.txt || code=$?
[[ $code == 64 ]]
grep -q 'has mode = composition' shown.txt

$MPIRUN "$XXACT" embed --model scaling/runs/bimodal-rows1-length1-seed0 --data set.h5 --output embeddings > embed.txt
grep -q 'embedded 333 rows, 0 could not be' embed.txt
"$python" - <<'PY'
import h5py, json, numpy as np
summary = json.load(open("embeddings/embed.json"))
with h5py.File("embeddings/embeddings.h5") as f:
    for name in ("fused", "composition", "xrd"):
        x = f[f"embedding/{name}"][:].astype(float)
        assert x.shape == (333, 16) and np.isfinite(x).all()
        values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
        assert np.allclose(summary["embeddings"][name]["variance"], (values / values.sum())[:10], atol=1e-6)
PY
[[ -s embeddings/embedding_fused.svg ]]
