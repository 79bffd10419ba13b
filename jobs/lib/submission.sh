# What jobs/submit does with its options: checks them, composes sbatch's or qsub's command line, and reckons the budget.
# shellcheck shell=bash disable=SC2154,SC2034

read_time() {
  [[ $time =~ ^([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])$ ]] || bad_usage "--time $time: not HH:MM:SS, such as 06:00:00"
  job_walltime_s=$((10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 + 10#${BASH_REMATCH[3]}))
  ((job_walltime_s > 0)) || bad_usage "--time $time: no time at all"
}

read_site() {
  if [[ $site == */* || $site == *.env ]]; then
    job_site=$site
  else
    job_site=$job_root/jobs/sites/$site.env
  fi
  [[ -r $job_site && -f $job_site ]] || bad_usage "--site $site: there is no file $job_site; known are $(cd "$job_root/jobs/sites" && printf '%s ' *.env | sed 's/\.env//g')"
  job_site=$(realpath "$job_site")
  site_launcher_options=() site_submit_options=()
  # shellcheck source=/dev/null
  source "$job_site"
  local name
  for name in site_scheduler site_ranks_per_node site_cores_per_rank site_launcher; do
    [[ -n ${!name:-} ]] || bad_usage "$job_site does not set $name (docs/jobs.md)"
  done
  [[ $site_scheduler == slurm || $site_scheduler == pbs ]] || bad_usage "$job_site: site_scheduler=$site_scheduler: neither slurm nor pbs"
  [[ $site_launcher == @(srun|mpiexec|mpirun) ]] || bad_usage "$job_site: site_launcher=$site_launcher: neither srun nor mpiexec nor mpirun"
  if [[ -n ${site_account_required:-} && -z ${site_account:-} ]]; then bad_usage "this site charges an account: export XXACT_ACCOUNT=NAME"; fi
}

# In the source tree what was built there; in an installation, where this file lies in share/xxact/jobs/lib, the program of bin.
default_program() {
  local built=$job_root/build/release/bin/xxact installed=$job_root/../../bin/xxact
  if [[ ! -x $built && -x $installed ]]; then echo "$installed"; else echo "$built"; fi
}

check_arguments() {
  local name
  ((${#job_arguments[@]})) || bad_usage "no arguments for xxact behind '--'"
  case ${job_arguments[0]} in
    ingest | train | screen) bad_usage "behind '--' come the options of xxact; the command is known from the job ($job_kind)" ;;
  esac
  [[ -n $(value_of output) ]] || bad_usage "$job_kind needs --output behind '--': the job looks there for what is done"
  if [[ $job_kind == screen ]]; then [[ -n $(value_of data) ]] || bad_usage "screen needs --data FILE... behind '--': each file is a task"; fi
  if [[ $job_kind == scaling ]]; then
    for name in train-fraction resume; do
      if has_option "$name"; then bad_usage "scaling sets --$name itself"; fi
    done
  elif ((job_packed)); then
    bad_usage "--packed is for scaling"
  fi
  job_xxact=${XXACT:-$(default_program)}
  if [[ $job_xxact == */* ]]; then job_xxact=$(realpath -m "$job_xxact"); fi
  if ((! dry_run)); then command -v "$job_xxact" >/dev/null || bad_usage "there is no program $job_xxact: build it, or set XXACT"; fi
}

# count_tasks LIST: how many numbers a list such as 0-15%4, 1,3,5 or 0-30:5 holds; sets tasks and last_task.
count_tasks() {
  local part first last step
  tasks=0 last_task=0
  for part in ${1//,/ }; do
    [[ $part =~ ^([0-9]{1,6})(-([0-9]{1,6})(:([1-9][0-9]{0,5}))?)?$ ]] || bad_usage "--array $array: not a list such as 0-15, 0-15%4 or 1,3,5"
    first=$((10#${BASH_REMATCH[1]})) last=$((10#${BASH_REMATCH[3]:-${BASH_REMATCH[1]}})) step=$((10#${BASH_REMATCH[5]:-1}))
    ((first <= last)) || bad_usage "--array $array: $first comes behind $last"
    tasks=$((tasks + (last - first) / step + 1))
    if ((last > last_task)); then last_task=$last; fi
  done
  ((tasks > 0)) || bad_usage "--array $array: no task in it"
}

choose_tasks() {
  local members=0 what fraction
  local -a files
  IFS=, read -r -a job_fractions <<<"$fractions"
  case $job_kind in
    screen) mapfile -d '' -t files < <(values_of data); members=${#files[@]} what="--data files" ;;
    scaling)
      for fraction in "${job_fractions[@]}"; do
        [[ $fraction =~ ^(1|1\.0*|0?\.[0-9]*[1-9][0-9]*)$ ]] || bad_usage "--fractions $fractions: '$fraction' is not above 0 and at most 1"
      done
      members=${#job_fractions[@]} what="fractions"
      ;;
    *) if [[ -n $array ]]; then bad_usage "--array is for screen and scaling"; fi ;;
  esac
  tasks=1
  if ((members == 0 || job_packed)); then
    if [[ -n $array ]]; then bad_usage "--packed runs without --array"; fi
    return
  fi
  array=${array:-0-$((members - 1))}
  [[ $array =~ ^[^%]*(%[1-9][0-9]*)?$ ]] || bad_usage "--array $array: behind % comes how many tasks may run at a time"
  count_tasks "${array%%%*}"
  ((last_task < members)) || bad_usage "--array $array: task $last_task is beyond the $members $what (0 to $((members - 1)))"
}

# Ingest and screening need no long warning: what they have written is on disk.
choose_warning() {
  local quarter=$((job_walltime_s / 4))
  case $job_kind in
    ingest | screen) job_lead_s=${warn:-$((quarter < 60 ? quarter : 60))} ;;
    *) job_lead_s=${warn:-$((quarter < 300 ? quarter : 300))} ;;
  esac
  ((job_lead_s < job_walltime_s)) || bad_usage "--warn $job_lead_s: not less than --time"
}

compose_sbatch() {
  command=(sbatch --nodes="$job_nodes" --ntasks-per-node="$site_ranks_per_node" --cpus-per-task="${site_cpus_per_rank:-$site_cores_per_rank}"
    --time="$time")
  if [[ -n ${site_account:-} ]]; then command+=(--account="$site_account"); fi
  if [[ -n ${site_partition:-} ]]; then command+=(--partition="$site_partition"); fi
  if [[ -n ${site_qos:-} ]]; then command+=(--qos="$site_qos"); fi
  if [[ -n ${site_constraint:-} ]]; then command+=(--constraint="$site_constraint"); fi
  if ((${site_gpus_per_node:-0} > 0)); then
    if [[ ${site_gpu_request:-} == gres ]]; then command+=(--gres="gpu:$site_gpus_per_node"); else command+=(--gpus-per-node="$site_gpus_per_node"); fi
  fi
  # To the batch shell, which hands it on: with mpirun there is no step whose tasks could get it.
  if ((job_lead_s > 0)); then command+=(--signal="B:USR1@$job_lead_s"); fi
  if ((tasks > 1)) || [[ -n $array ]]; then
    command+=(--array="$array" --output="${folder//%/%%}/$job_name-%A_%a.log")
  else
    command+=(--output="${folder//%/%%}/$job_name-%j.log")
  fi
  command+=("${site_submit_options[@]}" "$job_root/jobs/slurm/$job_kind.sbatch" "$job_record")
}

compose_qsub() {
  local select="$job_nodes:ncpus=$((site_ranks_per_node * site_cores_per_rank)):mpiprocs=$site_ranks_per_node"
  if ((${site_gpus_per_node:-0} > 0)); then select+=":ngpus=$site_gpus_per_node"; fi
  if [[ -n ${site_select:-} ]]; then select="$job_nodes:$site_select"; fi
  job_qsub=(qsub -l "select=$select" -l "walltime=$time")
  if [[ -n ${site_place:-} ]]; then job_qsub+=(-l "place=$site_place"); fi
  if [[ -n ${site_filesystems:-} ]]; then job_qsub+=(-l "filesystems=$site_filesystems"); fi
  if [[ -n ${site_account:-} ]]; then job_qsub+=(-A "$site_account"); fi
  if [[ -n ${site_queue:-} ]]; then job_qsub+=(-q "$site_queue"); fi
  job_qsub+=("${site_submit_options[@]}" -o "$folder/")
  command=("${job_qsub[@]}")
  local variables="XXACT_JOB_RECORD=$job_record"
  if [[ $array == *,* ]]; then bad_usage "--array $array: PBS takes one range, such as 0-15 or 0-30:5"; fi
  if ((tasks > 1)); then
    command+=(-J "$array")
  elif [[ -n $array ]]; then  # PBS has no array of one task
    variables+=",XXACT_JOB_INDEX=$last_task"
  fi
  command+=(-v "$variables" "$job_root/jobs/pbs/$job_kind.pbs")
}

compose() {
  job_directory=$PWD
  folder=$(realpath -m "$folder")
  job_name=$job_kind-$(date +%Y%m%d-%H%M%S)-$$
  job_record=$folder/$job_name.job
  # qsub -v has no way to hide a comma or a quote.
  if [[ $site_scheduler == pbs && $job_record == *[,\'\"\\]* ]]; then bad_usage "--folder $folder: qsub takes no comma, quote or backslash in it"; fi
  job_qsub=()
  if [[ $site_scheduler == slurm ]]; then compose_sbatch; else compose_qsub; fi
}

# node_hours SECONDS: of all nodes, rounded up to hundredths.
node_hours() { awk -v s="$1" 'BEGIN {h = s / 36; c = int(h); if (c < h) ++c; printf "%.2f", c / 100}'; }

print_plan() {
  local try=$((job_nodes * job_walltime_s * tasks))
  printf 'site      %s (%s)\n' "$job_site" "$site_scheduler"
  printf 'ranks     %d on %d nodes, %d a node, %d cores a rank, %d GPUs a node\n' $((job_nodes * site_ranks_per_node)) "$job_nodes" \
    "$site_ranks_per_node" "$site_cores_per_rank" "${site_gpus_per_node:-0}"
  if [[ -n $array ]]; then printf 'array     %s: %d tasks\n' "$array" "$tasks"; fi
  if [[ $job_kind == scaling ]]; then printf 'fractions %s\n' "${job_fractions[*]}"; fi
  printf 'budget    %s node-hours for one try, %s at most with %d restarts\n' "$(node_hours "$try")" \
    "$(node_hours $((try * (1 + job_max_restarts))))" "$job_max_restarts"
  printf 'xxact    '
  printf ' %q' "$job_xxact" "${job_kind/scaling/train}" "${job_arguments[@]}"
  printf '\ncommand  '
  printf ' %q' "${command[@]}"
  printf '\n'
}

# The record is all that a job file knows: shell assignments, quoted by bash itself. The site's are in it too, since a job need
# not see the environment that the profile was read in (PBS hands nothing on).
submit_job() {
  command -v "${command[0]}" >/dev/null || bad_usage "there is no ${command[0]} on this machine: submit from a login node, or use --dry-run"
  mkdir -p "$folder"
  {
    declare -p job_root job_site job_kind job_nodes job_walltime_s job_lead_s job_max_restarts job_packed job_fractions job_arguments \
      job_xxact job_directory job_qsub "${!site_@}"
    declare -f site_setup || true
  } >"$job_record"
  "${command[@]}"
}
