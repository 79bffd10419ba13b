# Exit codes and messages: every mistake is named, with the nearest name, by rank 0 once.
expect() {  # CODE TEXT COMMAND...
  local code=0 wanted=$1 text=$2
  shift 2
  $MPIRUN "$XXACT" "$@" > out.txt 2> err.txt || code=$?
  [[ $code == "$wanted" ]] || { echo "xxact $*: exit $code, not $wanted"; cat out.txt err.txt; exit 1; }
  grep -qF -- "$text" out.txt err.txt || { echo "xxact $*: no '$text' in"; cat out.txt err.txt; exit 1; }
  [[ $(grep -cF -- "$text" err.txt) -le 1 ]] || { echo "xxact $*: said more than once"; cat err.txt; exit 1; }
}
expect 0 "usage: xxact COMMAND" --help
expect 64 "usage: xxact COMMAND"
expect 0 "xxact 0." --version
expect 64 "unknown command 'ingst'; did you mean 'ingest'?" ingst
expect 0 "examples:" ingest --help
expect 64 "unknown option 'imput' on the command line; did you mean 'input'?" ingest --imput a.csv --output b.h5
printf 'outptu = b.h5\n' > typo.ini
expect 64 "unknown option 'outptu' in typo.ini; did you mean 'output'?" ingest --config typo.ini --input a.csv --output b.h5
expect 64 "cannot read the configuration file 'none.ini'" ingest --config none.ini --input a.csv --output b.h5
expect 64 "log-level 'loud'" ingest --log-level loud --input a.csv --output b.h5
expect 65 "no-such-file" inspect no-such-file.h5
# A message of one failing command ends a job of any number of ranks.
printf 'not a dataset' > broken.h5
expect 65 "broken.h5" inspect broken.h5
# Where a dataset would be loaded: the numbers are checked before the file is opened.
expect 64 "--memory-gib 0: must be" inspect broken.h5 --memory-gib 0
expect 64 "--ranks-per-node 0: must be" inspect broken.h5 --ranks-per-node 0
printf 'id,formula\n1,Fe2O3\n2,NaCl\n' > two.csv
expect 0 "ingested 2 structures" ingest --input two.csv --output two.h5
expect 0 "once for all 4 ranks" inspect two.h5 --memory-gib 1 --ranks-per-node 4
expect 0 '"mode": "whole"' inspect two.h5 --ranks-per-node 2 --json
expect 0 "blocks of 1.0 MiB verified" inspect two.h5 --verify
