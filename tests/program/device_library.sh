# The device part is found beside the program and loads. Without a GPU the program then says so; with one it is taken.
"$XXACT" ingest "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --symmetry none --output set.h5 > log.txt 2>&1
code=0
"$XXACT" train --data set.h5 --output run --device cuda --dry-run > log.txt 2>&1 || code=$?
if [[ -e /dev/nvidia0 ]]; then
  [[ $code == 0 ]] && grep -q 'device cuda:0' log.txt || { echo "exit code $code"; cat log.txt; exit 1; }
else
  [[ $code == 64 ]] && grep -q -- '--device cuda: LibTorch finds no GPU' log.txt || { echo "exit code $code"; cat log.txt; exit 1; }
fi
