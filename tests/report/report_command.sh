# `xxact report` from the command line: a page from folders, and errors that say what is wrong, by exit code.
cd "$XXACT_TEST_SCRATCH"
rm -rf in out.html bad empty
mkdir -p in/run bad empty
printf '{"step": 1, "consumed_samples": 8, "loss": 0.5}\n' > in/run/metrics.jsonl
printf '{"mode": "bimodal", "parameters": 12}\n' > in/run/summary.json

$MPIRUN "$XXACT" report --input in --output out.html --title 'Two < three'
grep -q '<h1>Two &lt; three</h1>' out.html
grep -q 'run' out.html
if command -v gnuplot > /dev/null; then grep -q '<svg' out.html; fi

expect() {  # CODE TEXT ARGUMENTS...
  local code=$1 text=$2 status=0
  shift 2
  $MPIRUN "$XXACT" report "$@" > said.txt 2>&1 || status=$?
  if [[ $status != "$code" ]] || ! grep -q -- "$text" said.txt; then
    echo "wanted exit $code and '$text', got $status:"; cat said.txt; exit 1
  fi
}
printf '{"step": 1}\n{"step": }\n' > bad/metrics.jsonl
expect 65 'metrics.jsonl:2' --input bad --output out.html
expect 65 'neither a run' --input empty --output out.html
expect 64 'html' --input in --output out.pdf
