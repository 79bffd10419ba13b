# What every job file does, sourced by it. Before: job_* from the record that jobs/submit wrote, and lib/slurm.sh or
# lib/pbs.sh, which say how this scheduler tells the end of the allocation, counts restarts and starts a job again.
# shellcheck shell=bash disable=SC2154
source "$job_root/jobs/lib/arguments.sh"
source "$job_root/jobs/lib/launch.sh"

readonly stopped_with_checkpoint=75 terminated=143

say() { printf '%s job: %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

# begin_job: directory, modules, times. A job that has had all its tries ends here, before it costs anything.
begin_job() {
  local restarts
  restarts=$(scheduler_restarts)
  if ((restarts > job_max_restarts)); then
    say "restarted $restarts times, more than --max-restarts $job_max_restarts: not run"
    exit "$stopped_with_checkpoint"
  fi
  cd "$job_directory" || exit 1
  set +eu  # modules of many centres read unset variables
  if declare -F site_setup >/dev/null; then site_setup; fi
  set -eu
  XXACT_JOB_END_TIME=$(scheduler_end_time)
  export XXACT_JOB_END_TIME
  scheduler_warn_before_end
  say "try $((restarts + 1)) of at most $((job_max_restarts + 1)), until $(date -d "@$XXACT_JOB_END_TIME" '+%F %T')"
}

# end_job STATUS FOLDER: the job's exit code is the program's; 75, and only 75, starts the job again.
end_job() {
  local status=$1 folder=$2 restarts
  restarts=$(scheduler_restarts)
  if ((status != stopped_with_checkpoint)); then
    say "ended with exit code $status"
  elif [[ -e $folder/NO_RESTART ]]; then
    say "stopped; not started again, because $folder/NO_RESTART is there"
  elif scheduler_ends_job; then
    say "stopped; not started again by the job itself, because the scheduler ends it (cancelled, or preempted: then the scheduler starts it again)"
  elif ((restarts >= job_max_restarts)); then
    say "stopped; not started again, because it has been $restarts times (--max-restarts $job_max_restarts)"
  else
    say "stopped; to be started again, restart $((restarts + 1)) of at most $job_max_restarts"
    scheduler_restart || say "could not be started again: submit it once more by hand"
  fi
  exit "$status"
}

job_ingest() {
  local output status=0
  output=$(value_of output)
  begin_job
  stop_ranks_with=TERM  # ingest has no checkpoints to write: what its parts hold is on disk
  run_ranks ingest "${job_arguments[@]}" || status=$?
  if ((status == terminated)); then
    say "ingest was interrupted; the same command goes on behind the parts that are written"
    status=$stopped_with_checkpoint
  fi
  end_job "$status" "$(dirname "$output")"
}

# train FOLDER ARGUMENTS...: behind the last checkpoint where the run folder holds a run.
train() {
  local folder=$1
  shift
  if [[ -s $folder/metrics.jsonl && " $* " != *" --resume "* ]]; then set -- "$@" --resume; fi
  run_ranks train "$@"
}

job_train() {
  local folder status=0
  folder=$(value_of output)
  begin_job
  train "$folder" "${job_arguments[@]}" || status=$?
  end_job "$status" "$folder"
}

# Task i screens the i-th of the --data files, and goes on behind the rows that are written.
job_screen() {
  local index output status=0
  local -a files others
  mapfile -d '' -t files < <(values_of data)
  mapfile -d '' -t others < <(arguments_without data output)
  index=$(scheduler_array_index)
  output=$(value_of output)/shard-$index
  begin_job
  stop_ranks_with=TERM  # as with ingest
  say "shard $index of ${#files[@]}: ${files[index]}"
  mkdir -p "$output"
  run_ranks screen "${others[@]}" --data "${files[index]}" --output "$output" || status=$?
  if ((status == terminated)); then status=$stopped_with_checkpoint; fi
  end_job "$status" "$output"
}

# scale INDEX ARGUMENTS...: one training on the fraction with this index, unless it is done.
scale() {
  local fraction=${job_fractions[$1]} folder
  folder=$(value_of output)/fraction-$fraction
  shift
  if grep -qs '"finished": true' "$folder/summary.json"; then
    say "fraction $fraction is done"
    return
  fi
  say "fraction $fraction in $folder"
  mkdir -p "$(dirname "$folder")"
  train "$folder" "$@" --output "$folder" --train-fraction "$fraction"
}

job_scaling() {
  local status=0 one index output
  local -a others
  output=$(value_of output)
  mapfile -d '' -t others < <(arguments_without output)
  has_option stratify || others+=(--stratify labels)
  begin_job
  if ((! job_packed)); then
    index=$(scheduler_array_index)
    scale "$index" "${others[@]}" || status=$?
    end_job "$status" "$output/fraction-${job_fractions[index]}"
  fi
  for index in "${!job_fractions[@]}"; do
    one=0
    scale "$index" "${others[@]}" || one=$?
    if ((one == stopped_with_checkpoint)); then end_job "$one" "$output"; fi
    if ((one != 0)); then
      say "fraction ${job_fractions[index]} ended with exit code $one; the others go on"
      status=$one
    fi
  done
  end_job "$status" "$output"
}
