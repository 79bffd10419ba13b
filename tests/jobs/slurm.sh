# Jobs in a real SLURM of one node: preemption, end of the allocation, arrays, restarts and their cap.
# shellcheck source=tests/jobs/one_node_slurm.sh
source "$XXACT_SOURCE_DIR/tests/jobs/one_node_slurm.sh"
USER=${USER:-$(id -un)}
missing=$(slurm_missing)
if [[ -n $missing ]]; then echo "skipped: $missing"; exit 77; fi
rm -rf work && mkdir work && cd work
trap stop_slurm EXIT
start_slurm
slurm_has_pmix || { echo "skipped: srun starts no MPI programs over PMIx here"; exit 77; }
program=$XXACT
export XXACT_PARTITION=low XXACT_RANKS_PER_NODE=2 XXACT_LAUNCHER_OPTIONS="--mpi=pmix --overlap"
unset XXACT_SCHEDULER XXACT_ACCOUNT XXACT_QOS XXACT_CONSTRAINT XXACT_CORES_PER_RANK XXACT_GPUS_PER_NODE XXACT_LAUNCHER XXACT_GPU_ORDER

fail() {
  echo "$*"
  squeue -o '%i %P %T %r %S' || true
  tail -n 60 ./*/*.log 2> /dev/null || true
  tail -n 40 "$slurm_folder/slurmctld.log" "$slurm_folder/slurmd.log" || true
  exit 1
}
submit() {  # FOLDER ARGUMENTS...: sets job
  local folder=$1
  shift
  mkdir -p "$folder"
  "$XXACT_SOURCE_DIR/jobs/submit" --folder "$folder" "$@" > "$folder/submit.txt" || fail "$(cat "$folder/submit.txt")"
  job=$(sed -n 's/^Submitted batch job //p' "$folder/submit.txt")
}
field() { scontrol show job --oneliner "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | sed -n 1p; }  # JOB NAME
# SLURM keeps what it requeues for two minutes. Here three seconds do; less, and the node takes it for the job that it has just ended.
hurry() {  # JOB
  if [[ $(field "$1" Reason) != BeginTime ]]; then return; fi
  sleep 3
  scontrol update JobId="$1" StartTime=now || true
}
until_state() {  # JOB STATE...
  local id=$1 state waited=0
  shift
  while :; do
    state=$(field "$id" JobState)
    if [[ " $* " == *" $state "* ]]; then break; fi
    case $state in
      PENDING) hurry "$id" ;;
      COMPLETED | FAILED | CANCELLED | TIMEOUT | PREEMPTED | NODE_FAIL) fail "job $id: $state, not $*" ;;
    esac
    sleep 0.2
    ((++waited < 600)) || fail "job $id: $state after 120 s, not $*"
  done
}
steps() { if [[ -e $1/metrics.jsonl ]]; then wc -l < "$1/metrics.jsonl"; else echo 0; fi; }
last_loss() { tail -n 1 "$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/'; }
has_line() { grep -qF -- "$2" "$1" || fail "not in $1: $2"; }
started() { date +%s > started; }
took() { echo "$1: $(($(date +%s) - $(cat started))) s"; }

started
"$program" ingest "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --symmetry given --output set.h5 > ingest.txt 2>&1
training=(--data set.h5 --mode bimodal --epochs 12 --threads 1 --loader-threads 1)
$MPIRUN "$program" train "${training[@]}" --output reference > reference.txt 2>&1
reference_s=$(($(date +%s) - $(cat started)))
took "uninterrupted run, $(steps reference) steps"

# Preempted in the middle: a checkpoint, back into the queue once, and the same losses to the last digit.
started
submit preempted --time 00:10:00 train -- "${training[@]}" --output preempted-run
until_state "$job" RUNNING
until (($(steps preempted-run) >= 20)); do
  [[ $(field "$job" JobState) == RUNNING ]] || fail "the job ended before it could be preempted"
  sleep 0.1
done
urgent=$(sbatch --parsable --partition=high --ntasks=2 --output=urgent.txt --wrap 'sleep 1')
until_state "$urgent" COMPLETED
(($(steps preempted-run) < $(steps reference))) || fail "the job was through before it was preempted"
until_state "$job" COMPLETED
[[ $(field "$job" Restarts) == 1 ]] || fail "preempted: $(field "$job" Restarts) restarts, not 1"
[[ $(last_loss preempted-run) == "$(last_loss reference)" && $(steps preempted-run) == $(steps reference) ]] ||
  fail "preempted: loss $(last_loss preempted-run) after $(steps preempted-run) steps, uninterrupted $(last_loss reference) after $(steps reference)"
has_line preempted/*-"$job".log "ended with exit code 0"
[[ $(grep -c 'to be started again' preempted/*-"$job".log) == 1 ]] || fail "preempted: not started again exactly once"
took "preempted, loss $(last_loss preempted-run)"

# The end of the allocation, told by SLURM's end time: after a third of what the whole training takes.
started
submit ended --time 00:02:00 --warn 5 train -- "${training[@]}" --output ended-run --stop-before-end "$((120 - reference_s / 3 - 2))"
until_state "$job" COMPLETED
(($(field "$job" Restarts) >= 1)) || fail "end of allocation: never started again"
has_line ended/*-"$job".log "the job's allocation is about to end"
[[ $(last_loss ended-run) == "$(last_loss reference)" ]] || fail "end of allocation: loss $(last_loss ended-run), uninterrupted $(last_loss reference)"
took "ends of allocations, $(field "$job" Restarts) restarts"

# An array of two shards, each a file of its own.
started
cp set.h5 "second set.h5"
submit screening --time 00:05:00 screen -- --model reference --data set.h5 "second set.h5" --output screened --threads 1 --top 5
until_state "${job}_0" COMPLETED
until_state "${job}_1" COMPLETED
cmp screened/shard-0/ranking.csv screened/shard-1/ranking.csv || fail "the shards differ, of the same data"
[[ $(wc -l < screened/shard-1/ranking.csv) == 6 ]] || fail "shard 1 ranks $(wc -l < screened/shard-1/ranking.csv) lines"
has_line screening/*_1.log "shard 1 of 2: second set.h5"
took "two shards"

# What the job makes of its program's end, with stand-ins for the program, two of them side by side.
started
export XXACT_RANKS_PER_NODE=1 XXACT_LAUNCHER_OPTIONS=--overlap
# stand_in NAME BODY: each try adds a line to NAME.tries.
stand_in() {
  export XXACT=$PWD/$1.program
  printf '#!/usr/bin/env bash\necho "$*" >> "%s/%s.tries"\n%s\n' "$PWD" "$1" "$2" > "$XXACT"
  chmod +x "$XXACT"
}
tries() { if [[ -e $1.tries ]]; then wc -l < "$1.tries"; else echo 0; fi; }
until_tried() {  # NAME [TIMES]
  local waited=0
  until (($(tries "$1") >= ${2:-1})); do
    sleep 0.1
    hurry "$job"
    ((++waited < 600)) || fail "$1 has not begun ${2:-1} times after 60 s"
  done
  sleep 0.5  # and the stand-in has set its traps
}

# SLURM's warning goes to the batch shell, which hands it on: sbatch --signal, up to a minute early.
stand_in warned "if [[ \$(wc -l < '$PWD/warned.tries') == 1 ]]; then trap 'exit 75' USR1; for i in {1..500}; do sleep 0.1; done; exit 1; fi"
submit warned --time 00:01:00 --warn 30 train -- --data a --output warned-run
warned=$job

stand_in failing 'exit 1'
submit failing train -- --data a --output failing-run
until_state "$job" FAILED
sleep 2  # and not taken back
[[ $(field "$job" ExitCode) == 1:0 && $(field "$job" Restarts) == 0 && $(tries failing) == 1 ]] ||
  fail "exit 1: $(field "$job" ExitCode), $(field "$job" Restarts) restarts, $(tries failing) tries"

stand_in capped 'exit 75'
submit capped --max-restarts 1 train -- --data a --output capped-run
until_tried capped 2
until_state "$job" FAILED
[[ $(field "$job" ExitCode) == 75:0 && $(field "$job" Restarts) == 1 && $(tries capped) == 2 ]] ||
  fail "cap of one: $(field "$job" ExitCode), $(field "$job" Restarts) restarts, $(tries capped) tries"
has_line capped/*-"$job".log "not started again, because it has been 1 times"
took "exit codes and cap"

# Of an array only the task that stopped is started again.
started
stand_in scaled "if [[ \$* == *fraction-1\ * && \$(grep -c 'fraction-1 ' '$PWD/scaled.tries') == 1 ]]; then exit 75; fi"
submit scaled --fractions 0.5,1 scaling -- --data a --output study --subset-seed 3
until_state "${job}_0" COMPLETED
until_state "${job}_1" COMPLETED
[[ $(grep -c 'fraction-0.5 ' scaled.tries) == 1 && $(grep -c 'fraction-1 --train-fraction 1$' scaled.tries) == 2 ]] || fail "tries of the array: $(cat scaled.tries)"
took "array with a restart"

# A cancelled job stays cancelled, though its program writes a checkpoint and leaves with 75.
started
stand_in cancelled 'trap "exit 75" TERM USR1; while :; do sleep 0.1; done'
submit cancelled train -- --data a --output cancelled-run
until_tried cancelled
scancel "$job"
until_state "$job" CANCELLED
sleep 2
[[ $(field "$job" JobState) == CANCELLED && $(field "$job" Restarts) == 0 ]] || fail "cancelled: $(field "$job" JobState), $(field "$job" Restarts) restarts"
took cancelled

started
until_state "$warned" COMPLETED
[[ $(field "$warned" Restarts) == 1 && $(tries warned) == 2 ]] || fail "warned: $(field "$warned" Restarts) restarts, $(tries warned) tries"
has_line warned/*-"$warned".log "SIGUSR1 from the scheduler: SIGUSR1 to the ranks"
took "warning before the end, the rest of it"

# Ingest knows no signal; preempted, it is started again all the same.
started
stand_in ingest "if [[ \$(wc -l < '$PWD/ingest.tries') == 1 ]]; then exec sleep 100; fi"
submit ingesting ingest -- --input a --output b
until_tried ingest
urgent=$(sbatch --parsable --partition=high --ntasks=2 --output=urgent.txt --wrap 'sleep 1')
until_state "$job" COMPLETED
[[ $(field "$job" Restarts) == 1 && $(tries ingest) == 2 ]] || fail "preempted ingest: $(field "$job" Restarts) restarts, $(tries ingest) tries"
took "preempted ingest"
