# A rank that throws ends the job with its own message and exit code, soon; ranks that all fail alike say it once.
ranks=${MPIRUN##* }
for who in one all; do
  code=0
  timeout 30 $MPIRUN "$FAILING_RANK" $who > out.txt 2>&1 || code=$?
  [[ $code == 65 ]] || { echo "$who: exit $code, not 65"; cat out.txt; exit 1; }
  [[ $(grep -c 'record 17 of a.csv is broken' out.txt) == 1 ]] || { echo "$who: the message is not there once"; cat out.txt; exit 1; }
done
if ((ranks > 1)); then
  timeout 30 $MPIRUN "$FAILING_RANK" one > out.txt 2>&1 || true
  grep -q "rank $((ranks - 1)) on .*: record 17" out.txt || { echo "the failing rank is not named"; cat out.txt; exit 1; }
  code=0
  timeout 30 $MPIRUN "$FAILING_RANK" stalled > out.txt 2>&1 || code=$?
  [[ $code == 1 ]] && grep -q 'rank 0 on .*: waited 2 s for the others in MPI_Barrier: a rank is lost or stalled' out.txt || { echo "stalled: exit $code"; cat out.txt; exit 1; }
fi
