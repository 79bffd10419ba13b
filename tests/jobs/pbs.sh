# PBS jobs with stand-ins for qsub, qstat, mpiexec and the program: what is submitted again and what is not. This is the logic of
# the job files, not PBS.
rm -rf work && mkdir -p work/bin && cd work
here=$PWD
cat > bin/qsub <<'TEXT'
#!/usr/bin/env bash
printf '%q ' "$@" >> "$HERE/qsub.txt"
echo >> "$HERE/qsub.txt"
TEXT
cat > bin/qstat <<'TEXT'
#!/usr/bin/env bash
[[ -e $HERE/walltime ]] && printf 'Job Id: %s\n    Resource_List.walltime = %s\n' "$2" "$(<"$HERE/walltime")"
TEXT
cat > bin/mpiexec <<'TEXT'
#!/usr/bin/env bash
[[ $1 == -n && $3 == -ppn ]] || exit 99
shift 4
exec "$@"
TEXT
# The program: writes down what it was told, then does what the file `do` says.
cat > bin/program <<'TEXT'
#!/usr/bin/env bash
printf '%q ' "$@" > "$HERE/arguments.txt"
echo "${XXACT_JOB_END_TIME:-none}" > "$HERE/end_time.txt"
source "$HERE/do"
TEXT
chmod +x bin/*
export HERE=$here PATH=$here/bin:$PATH XXACT=$here/bin/program XXACT_SCHEDULER=pbs XXACT_RANKS_PER_NODE=2
unset XXACT_LAUNCHER XXACT_LAUNCHER_OPTIONS XXACT_GPUS_PER_NODE XXACT_GPU_ORDER

submit() { "$XXACT_SOURCE_DIR/jobs/submit" --folder "$here/log" "$@" > submit.txt; record=$(echo "$here"/log/*.job); }
# run_job KIND [VARIABLE=VALUE...]: as PBS would, in another directory and with none of the submitter's variables.
run_job() {
  local kind=$1
  shift
  code=0
  (cd / && env -u XXACT_SCHEDULER -u XXACT_RANKS_PER_NODE PBS_JOBID=7.server XXACT_JOB_RECORD="$record" "$@" bash "$XXACT_SOURCE_DIR/jobs/pbs/$kind.pbs") > job.txt 2>&1 || code=$?
}
submitted() { if [[ -e qsub.txt ]]; then wc -l < qsub.txt; else echo 0; fi; }
check() {  # WHAT EXIT_CODE JOBS_SUBMITTED
  [[ $code == "$2" && $(submitted) == "$3" ]] || { echo "$1: exit code $code (not $2), $(submitted) submitted (not $3)"; cat job.txt; [[ ! -e qsub.txt ]] || cat qsub.txt; exit 1; }
}

submit --time 01:00:00 --max-restarts 2 train -- --data "a file.h5" --output "a run"
expected="XXACT_JOB_RECORD=$record,XXACT_JOB_RESTARTS=1"

# 75: a job like this one follows, with its counter.
rm -f qsub.txt
echo 'exit 75' > do
run_job train
check "stopped with a checkpoint" 75 1
grep -qF -- "$expected" qsub.txt && grep -q 'walltime=01:00:00' qsub.txt
[[ $(cat arguments.txt) == 'train --data a\ file.h5 --output a\ run ' ]]
# The counter counts to the cap, and a job beyond it does not even begin.
rm -f qsub.txt
run_job train XXACT_JOB_RESTARTS=1
check "second stop" 75 1
grep -q 'XXACT_JOB_RESTARTS=2' qsub.txt
run_job train XXACT_JOB_RESTARTS=2
check "at the cap" 75 1
rm -f arguments.txt
run_job train XXACT_JOB_RESTARTS=3
check "beyond the cap" 75 1
[[ ! -e arguments.txt ]]
# Failures and ends are not followed.
rm -f qsub.txt
for end in 0 1 64 137; do
  echo "exit $end" > do
  run_job train
  check "exit $end" "$end" 0
done
# A run that is there is resumed; one that nobody wants any more is not started again.
mkdir -p "a run" && echo '{}' > "a run/metrics.jsonl"
echo 'exit 75' > do
touch "a run/NO_RESTART"
run_job train
check NO_RESTART 75 0
[[ $(cat arguments.txt) == *' --resume ' ]]
rm -r "a run"

# The end of the allocation: qstat's walltime, or the one that was asked for.
echo 'exit 0' > do
near() { (($(cat end_time.txt) >= $1 - 20 && $(cat end_time.txt) <= $1 + 20)) || { echo "end at $(cat end_time.txt), not near $1"; exit 1; }; }
run_job train
near $(($(date +%s) + 3600))
run_job train PBS_WALLTIME=600
near $(($(date +%s) + 600))
echo 00:20:00 > walltime
run_job train
near $(($(date +%s) + 1200))
# The warning reaches the program before the end, once; SIGTERM (qdel) does as well, and then nothing follows.
echo 'trap "echo usr1 >> $HERE/signals.txt; exit 75" USR1; while :; do sleep 0.1; done' > do
rm -rf log && submit --time 00:00:12 --warn 10 train -- --data a.h5 --output run
rm -f walltime qsub.txt
run_job train
check warned 75 1
[[ $(cat signals.txt) == usr1 ]]
rm -rf log qsub.txt signals.txt && submit train -- --data a.h5 --output run
rm -f qsub.txt arguments.txt
PBS_JOBID=7.server XXACT_JOB_RECORD="$record" bash "$XXACT_SOURCE_DIR/jobs/pbs/train.pbs" > job.txt 2>&1 &
job=$!
until [[ -s arguments.txt ]]; do sleep 0.1; done
sleep 0.5
kill -TERM "$job"
code=0
wait "$job" || code=$?
check deleted 75 0
[[ $(cat signals.txt) == usr1 ]]

# Screening: task i takes file i, and a task that follows is the same one.
rm -rf log && submit screen -- --model m --data "a 0.h5" a1.h5 --rank-by band_gap:desc --output out
grep -q -- '-J 0-1' qsub.txt
rm -f qsub.txt
echo 'exit 75' > do
run_job screen PBS_ARRAY_INDEX=1
check "shard 1" 75 1
[[ $(cat arguments.txt) == 'screen --model m --rank-by band_gap:desc --data a1.h5 --output out/shard-1 ' ]]
grep -q 'XXACT_JOB_INDEX=1' qsub.txt
if grep -q -- '-J' qsub.txt; then echo "the whole array follows"; exit 1; fi
run_job screen XXACT_JOB_INDEX=0
[[ $(cat arguments.txt) == 'screen --model m --rank-by band_gap:desc --data a\ 0.h5 --output out/shard-0 ' ]]

# Scaling: index to fraction; packed, what is done is left out, a failure does not keep the others from running.
rm -rf log && submit --fractions 0.1,0.5,1 scaling -- --data a.h5 --output study --subset-seed 3
echo 'exit 0' > do
run_job scaling PBS_ARRAY_INDEX=1
[[ $(cat arguments.txt) == 'train --data a.h5 --subset-seed 3 --stratify labels --output study/fraction-0.5 --train-fraction 0.5 ' ]]
rm -rf log && submit --fractions 0.1,0.5,1 --packed scaling -- --data a.h5 --output study --stratify none
mkdir -p study/fraction-0.1 && echo '{"finished": true}' > study/fraction-0.1/summary.json
echo 'echo "$*" >> "$HERE/trainings.txt"; [[ $* != *fraction-0.5* ]] || exit 1' > do
rm -f qsub.txt
run_job scaling
check packed 1 0
[[ $(grep -c . trainings.txt) == 2 ]] && grep -q 'stratify none.*fraction-1 ' trainings.txt

# Ingest has no checkpoint; an interrupted one is followed all the same, because it goes on behind its parts.
rm -rf log && submit ingest -- --input a.csv --output set.h5
rm -f qsub.txt
echo 'kill -TERM $$; sleep 5' > do
run_job ingest
check "interrupted ingest" 75 1

# One GPU a rank, in the site's order.
rm -rf log && XXACT_GPUS_PER_NODE=2 XXACT_GPU_ORDER=3,1 submit train -- --data a.h5 --output run
echo 'echo "$CUDA_VISIBLE_DEVICES" > "$HERE/gpu.txt"' > do
run_job train PMI_LOCAL_RANK=1
[[ $code == 0 && $(cat gpu.txt) == 1 ]] || { echo "GPU order: exit code $code"; cat job.txt; exit 1; }
run_job train PMI_LOCAL_RANK=0
[[ $(cat gpu.txt) == 3 ]]
run_job train
[[ $code == 64 ]] && grep -q 'tells no local rank' job.txt
