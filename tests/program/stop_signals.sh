# A signal in the middle of training: every time a checkpoint, exit code 75, and a run that goes on.
data=$XXACT_SOURCE_DIR/data
rm -rf run set.h5*
"$XXACT" ingest "$data/perovskites.csv.gz" --symmetry none --output set.h5 > /dev/null
options=(--data set.h5 --output run --mode bimodal --epochs 1000)
wait_for_steps() {
  local before=$1 waited=0
  until [[ -s run/metrics.jsonl ]] && (($(wc -l < run/metrics.jsonl) > before)); do
    sleep 0.1
    ((++waited < 1200)) || { echo "no step within 120 s"; cat log.txt; exit 1; }
  done
}
# No handler may run on the stack of a matrix kernel (src/base/stop_signals.hpp): every thread holds the three signals
# back (SigBlk), none has a handler (SigCgt).
check_masks() {
  local status blocked caught checked=0
  for status in /proc/"$1"/task/*/status; do
    # A thread may end while its file is read.
    blocked=$(awk '/^SigBlk/ {print $2}' "$status" 2> /dev/null) && caught=$(awk '/^SigCgt/ {print $2}' "$status" 2> /dev/null) && [[ -n $blocked && -n $caught ]] || continue
    (((0x$blocked & 0x4a00) == 0x4a00 && (0x$caught & 0x4a00) == 0)) || { echo "$status: SigBlk $blocked, SigCgt $caught"; exit 1; }
    checked=$((checked + 1))
  done
  ((checked > 0)) || { echo "no thread of $1 could be looked at"; exit 1; }
}
steps=0
for signal in USR1 TERM USR2; do
  $MPIRUN "$XXACT" train "${options[@]}" $([[ -d run ]] && echo --resume) > log.txt 2>&1 &
  launcher=$!
  wait_for_steps "$steps"
  rank=$(pgrep -P "$launcher" -x xxact | head -n 1)
  check_masks "$rank"
  kill "-$signal" "$rank"
  code=0
  wait "$launcher" || code=$?
  [[ $code == 75 ]] && grep -q 'stopped with a checkpoint' log.txt || { echo "SIG$signal: exit code $code"; cat log.txt; exit 1; }
  steps=$(wc -l < run/metrics.jsonl)
  echo "SIG$signal: stopped after step $steps"
done
# What mpirun is told it hands on to every rank.
$MPIRUN "$XXACT" train "${options[@]}" --resume > log.txt 2>&1 &
launcher=$!
wait_for_steps "$steps"
kill -USR1 "$launcher"
code=0
wait "$launcher" || code=$?
[[ $code == 75 ]] || { echo "SIGUSR1 of mpirun: exit code $code"; cat log.txt; exit 1; }
# The file STOP in the run folder, which goes when it is obeyed.
steps=$(wc -l < run/metrics.jsonl)
$MPIRUN "$XXACT" train "${options[@]}" --resume > log.txt 2>&1 &
launcher=$!
wait_for_steps "$steps"
touch run/STOP
code=0
wait "$launcher" || code=$?
[[ $code == 75 && ! -e run/STOP ]] && grep -q 'the file run/STOP was there' log.txt || { echo "STOP: exit code $code"; cat log.txt; exit 1; }
# The end of the allocation, which the job file or SLURM tells.
code=0
SLURM_JOB_END_TIME=1 XXACT_JOB_END_TIME=$(($(date +%s) + 8)) $MPIRUN "$XXACT" train "${options[@]}" --resume --stop-before-end 3 > log.txt 2>&1 || code=$?
[[ $code == 75 ]] && grep -q "the job's allocation is about to end" log.txt || { echo "end of allocation: exit code $code"; cat log.txt; exit 1; }
code=0
SLURM_JOB_END_TIME=soon $MPIRUN "$XXACT" train "${options[@]}" --resume > log.txt 2>&1 || code=$?
[[ $code == 64 ]] && grep -q 'SLURM_JOB_END_TIME=soon: not a time in seconds since 1970' log.txt || { echo "a wrong time: exit code $code"; cat log.txt; exit 1; }
# Other commands end at once.
code=0
"$XXACT" ingest "$data/perovskites.csv.gz" --symmetry check --output never.h5 > log.txt 2>&1 &
launcher=$!
sleep 1
kill -TERM "$launcher"
wait "$launcher" || code=$?
[[ $code == 143 ]] || { echo "SIGTERM of ingest: exit code $code"; cat log.txt; exit 1; }
