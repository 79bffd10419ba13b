# Learning without labels, and going on from what was learnt, on any number of ranks.
data=$XXACT_SOURCE_DIR/data
rm -rf set.h5* all tuned screening
"$XXACT" ingest "$data/perovskites.csv.gz" --symmetry none --output set.h5 > ingest.txt
$MPIRUN "$XXACT" pretrain --data set.h5 --output all --width 32 --projection 16 --artefacts 1 --mask-run 2 --epochs 0.5 > pretrain.txt
for plot in masked_to_mean masked_peaks_to_mean contrastive_pattern_top1 contrastive_composition_top1; do [[ -s all/validation_$plot.svg ]] || { echo "no all/validation_$plot.svg"; exit 1; }; done
$MPIRUN "$XXACT" evaluate --model all --data set.h5 --output all/test > metrics.txt
grep -q 'hidden tokens' metrics.txt
grep -q 'pattern of a composition' metrics.txt
python3 - <<'PY'
import json
m = json.load(open("all/test/metrics.json"))
assert 0 < m["masked"]["mse"] and 0 < m["masked"]["to_mean"] < 2, m
assert m["contrastive"]["patterns"] == m["n"] > 300 > 0, m
assert 0 <= m["contrastive"]["pattern_top1"] <= m["contrastive"]["pattern_top10"] <= 1, m
PY
"$XXACT" report --input all --output report.html > report.txt
# What cannot be: predictions of such a model, tokens too few.
refused() {
  local code=0
  "$XXACT" "${@:2}" 2> refused.txt || code=$?
  [[ $code == 64 ]]
  grep -q -e "$1" refused.txt || { cat refused.txt; exit 1; }
}
refused 'trained without tasks' screen --model all --data set.h5 --output screening
refused 'at least 64 tokens' pretrain --data set.h5 --output few --patch 128
refused 'nothing to learn' pretrain --data set.h5 --output nothing --objectives none
$MPIRUN "$XXACT" train --data set.h5 --output tuned --init all --tasks formation_energy_per_atom --freeze composition --layer-rate-decay 0.8 --epochs 0.3 2> tuned.txt
grep -q 'parameters start from' tuned.txt
grep -q 'width = 32' tuned/config.ini
$MPIRUN "$XXACT" screen --model tuned --data set.h5 --output screening
