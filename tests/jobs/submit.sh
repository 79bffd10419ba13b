# jobs/submit without a scheduler: command lines, budgets, refusals; every job with every site.
submit=$XXACT_SOURCE_DIR/jobs/submit
rm -rf work && mkdir -p "work/with a space" && cd work
export XXACT_ACCOUNT=chemistry XXACT=/opt/xxact
unset XXACT_SCHEDULER XXACT_PARTITION XXACT_QOS XXACT_CONSTRAINT XXACT_QUEUE XXACT_GPUS_PER_NODE XXACT_RANKS_PER_NODE XXACT_CORES_PER_RANK XXACT_LAUNCHER

expect() {  # FILE TEXT
  grep -qF -- "$2" "$1" || { echo "not in $1: $2"; cat "$1"; exit 1; }
}
refused() {  # TEXT ARGUMENTS...: with --dry-run, since there is no program here
  local text=$1 code=0
  shift
  "$submit" --dry-run "$@" > refused.txt 2>&1 || code=$?
  [[ $code == 64 ]] || { echo "exit code $code, not 64: submit $*"; cat refused.txt; exit 1; }
  expect refused.txt "$text"
}
# The command that submit prints, read back by the shell as the scheduler would get it.
read_command() {
  eval "command=($(sed -n 's/^command *//p' "$1"))"
}
argument_after() {  # OPTION: what stands behind it, or behind its =
  local i
  for i in "${!command[@]}"; do
    [[ ${command[i]} == "$1"=* ]] && { echo "${command[i]#*=}"; return; }
    [[ ${command[i]} == "$1" ]] && { echo "${command[i + 1]}"; return; }
  done
  echo "no $1 in: ${command[*]}" >&2
  return 1
}

for site in perlmutter polaris leonardo juwels-booster generic; do
  for job in ingest train screen scaling; do
    "$submit" --site "$site" --nodes 3 --time 02:30:00 --max-restarts 4 --folder "with a space/log" --dry-run "$job" -- \
      --data "one file.h5" --output "the run" > plan.txt
    tasks=1
    [[ $job == scaling ]] && tasks=5
    # 3 nodes, 2.5 hours, the tasks of the array; five tries in all.
    expect plan.txt "$(awk -v t=$tasks 'BEGIN {printf "budget    %.2f node-hours for one try, %.2f at most with 4 restarts", 7.5 * t, 37.5 * t}')"
    expect plan.txt "/opt/xxact ${job/scaling/train} --data one\\ file.h5 --output the\\ run"
    read_command plan.txt
    if [[ $site == polaris ]]; then
      [[ ${command[0]} == qsub && ${command[-1]} == "$XXACT_SOURCE_DIR/jobs/pbs/$job.pbs" ]]
      [[ $(argument_after -A) == chemistry && $(argument_after -v) == "XXACT_JOB_RECORD=$PWD/with a space/log/$job-"*.job* ]]
      [[ $(argument_after -l) == select=3:system=polaris ]]
    else
      [[ ${command[0]} == sbatch && ${command[-2]} == "$XXACT_SOURCE_DIR/jobs/slurm/$job.sbatch" && ${command[-1]} == "$PWD/with a space/log/$job-"*.job ]]
      [[ $(argument_after --account) == chemistry && $(argument_after --nodes) == 3 && $(argument_after --time) == 02:30:00 ]]
      [[ $(argument_after --output) == "$PWD/with a space/log/$job-"*.log ]]
      case $job in
        train | scaling) [[ $(argument_after --signal) == B:USR1@300 ]] ;;
        ingest | screen) [[ $(argument_after --signal) == B:USR1@60 ]] ;;
      esac
    fi
    case $job in
      scaling) if [[ $site == polaris ]]; then [[ $(argument_after -J) == 0-4 ]]; else [[ $(argument_after --array) == 0-4 ]]; fi ;;
      # PBS has no array of one task.
      screen) if [[ $site == polaris ]]; then [[ $(argument_after -v) == *,XXACT_JOB_INDEX=0 ]]; else [[ $(argument_after --array) == 0-0 ]]; fi ;;
    esac
  done
done
[[ ! -e "with a space/log" ]] || { echo "--dry-run wrote something"; exit 1; }

# One rank a GPU, with its cores; on machines without GPUs ranks by variables.
"$submit" --site juwels-booster --nodes 2 --dry-run train -- --data a.h5 --output run > plan.txt
expect plan.txt "ranks     8 on 2 nodes, 4 a node, 12 cores a rank, 4 GPUs a node"
XXACT_RANKS_PER_NODE=8 XXACT_CORES_PER_RANK=6 "$submit" --dry-run train -- --data a.h5 --output run > plan.txt
expect plan.txt "ranks     8 on 1 nodes, 8 a node, 6 cores a rank, 0 GPUs a node"

# Arrays: counted in the budget, and never beyond the files or fractions.
"$submit" --time 00:30:00 --max-restarts 0 --array 0-2%2 --dry-run screen -- --model m --data a.h5 b.h5 c.h5 --output o > plan.txt
expect plan.txt "budget    1.50 node-hours for one try, 1.50 at most with 0 restarts"
"$submit" --time 00:10:00 --fractions 0.1,1 --packed --dry-run scaling -- --data a.h5 --output o > plan.txt
expect plan.txt "budget    0.17 node-hours for one try, 3.50 at most with 20 restarts"
read_command plan.txt
[[ " ${command[*]} " != *--array* && $(argument_after --signal) == B:USR1@150 ]]
refused "task 3 is beyond the 3 --data files" --array 0-3 screen -- --model m --data a b c --output o
refused "'1.5' is not above 0" --fractions 0.1,1.5 scaling -- --data a --output o
refused "not a list such as" --array 0-x screen -- --model m --data a --output o
refused "--array is for screen and scaling" --array 0-3 train -- --data a --output o

# What is asked for wrongly is named.
refused "which job?"
refused "no job 'trian'" trian -- --data a
refused "no option --node" --node 3 train -- --data a --output o
refused "come behind '--'" train
refused "train needs --output" train -- --data a
refused "screen needs --data" screen -- --output o
refused "scaling sets --train-fraction itself" scaling -- --data a --output o --train-fraction 0.5
refused "the command is known from the job" train -- train --data a --output o
refused "--time 6h: not HH:MM:SS" --time 6h train -- --data a --output o
refused "--nodes 0: not a whole number from 1" --nodes 0 train -- --data a --output o
refused "--warn 3600: not less than --time" --warn 3600 train -- --data a --output o
refused "known are generic juwels-booster" --site nowhere train -- --data a --output o
code=0
"$submit" train -- --data a --output o > refused.txt 2>&1 || code=$?
[[ $code == 64 ]] || { echo "no program: exit code $code"; exit 1; }
expect refused.txt "there is no program /opt/xxact"
printf 'site_scheduler=lsf site_ranks_per_node=1 site_cores_per_rank=1 site_launcher=srun\n' > lsf.env
refused "neither slurm nor pbs" --site ./lsf.env train -- --data a --output o
XXACT_ACCOUNT='' refused "export XXACT_ACCOUNT=NAME" --site perlmutter train -- --data a --output o
XXACT_SCHEDULER=pbs refused "PBS takes one range" --array 0,2 screen -- --model m --data a b c --output o
XXACT_SCHEDULER=pbs refused "qsub takes no comma" --folder a,b train -- --data a --output o

# By hand, outside a scheduler, a job file says where it belongs.
for file in "$XXACT_SOURCE_DIR"/jobs/slurm/*.sbatch "$XXACT_SOURCE_DIR"/jobs/pbs/*.pbs; do
  code=0
  env -u SLURM_JOB_ID -u PBS_JOBID bash "$file" --data a > refused.txt 2>&1 || code=$?
  [[ $code == 64 ]] || { echo "$file: exit code $code"; exit 1; }
  expect refused.txt "jobs/submit --site NAME"
done
"$submit" --help > help.txt
expect help.txt "Examples:"
for file in "$submit" "$XXACT_SOURCE_DIR"/jobs/{lib/*.sh,slurm/*.sbatch,pbs/*.pbs,sites/*.env}; do bash -n "$file"; done
