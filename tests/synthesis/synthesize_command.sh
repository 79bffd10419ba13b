# `xxact synthesize` from the command line: files that ingest reads again, the same on any number of ranks, errors by exit code.
cd "$XXACT_TEST_SCRATCH"
rm -rf ./*
$MPIRUN "$XXACT" ingest --input "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --output parents.h5 --symmetry none --progress 0
$MPIRUN "$XXACT" ingest --input "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --output held_out.h5 --symmetry none --split-as test --progress 0
$MPIRUN "$XXACT" synthesize --help > help.txt
grep -q -- '--parents' help.txt
$MPIRUN "$XXACT" synthesize --parents parents.h5 --count 200 --seed 5 --output made.h5 > said.txt 2>&1
grep -q 'synthesized 200 structures into 1 file' said.txt
"$XXACT" synthesize --parents parents.h5 --count 200 --seed 5 --output alone.h5 > alone.txt 2>&1
[[ $(grep -o 'content hash: .*' said.txt) == $(grep -o 'content hash: .*' alone.txt) ]]
"$XXACT" inspect made.h5 --verify > made.txt
grep -q 'synthesized' made.txt
$MPIRUN "$XXACT" synthesize --parents parents.h5 --count 200 --seed 5 --files 3 --output c/c.json.bz2
[[ $(ls c) == $'c-000.json.bz2\nc-001.json.bz2\nc-002.json.bz2' ]]
$MPIRUN "$XXACT" ingest --input c --output back.h5 --symmetry none --progress 0 > back.txt
grep -q 'ingested 200 structures, 0 rejected' back.txt

expect() {  # CODE TEXT ARGUMENTS...
  local code=$1 text=$2 status=0
  shift 2
  $MPIRUN "$XXACT" synthesize "$@" > said.txt 2>&1 || status=$?
  if [[ $status != "$code" ]] || ! grep -q -- "$text" said.txt; then
    echo "wanted exit $code and '$text', got $status:"; cat said.txt; exit 1
  fi
}
expect 64 'parents' --count 5 --output x.h5
expect 64 'not in 1' --parents parents.h5 --count 0 --output x.h5
expect 64 'must end in' --parents parents.h5 --count 5 --output x.csv
expect 64 'one file' --parents parents.h5 --count 5 --files 2 --output x.h5
expect 64 'needs an output' --parents parents.h5 --count 5 --labels parent --output x.json
expect 64 'not one of' --parents parents.h5 --count 5 --labels real --output x.h5
expect 64 'strain' --parents parents.h5 --count 5 --strain 0.5 --output x.h5
expect 64 'elements' --parents parents.h5 --count 5 --elements few --output x.h5
expect 64 'would replace' --parents parents.h5 --count 5 --output parents.h5
expect 65 'training split' --parents held_out.h5 --count 5 --output x.h5
expect 65 'made.txt' --parents made.txt --count 5 --output x.h5
[[ ! -e x.h5 && ! -e x.json && ! -e x.h5.partial ]]
