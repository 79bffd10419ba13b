# SLURM: what lib/job.sh asks of a scheduler.
# shellcheck shell=bash disable=SC2154

# Tasks of an array go by ARRAY_TASK: the plain number of one of them is that of the whole array.
slurm_job() {
  if [[ -n ${SLURM_ARRAY_TASK_ID:-} ]]; then
    echo "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
  else
    echo "$SLURM_JOB_ID"
  fi
}

# slurm_field NAME: of this job, as scontrol shows it; empty where it cannot be told.
slurm_field() { SLURM_TIME_FORMAT=standard scontrol show job --oneliner "$(slurm_job)" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$1=//p" | sed -n 1p; }

scheduler_restarts() { echo "${SLURM_RESTART_COUNT:-0}"; }
scheduler_array_index() { echo "${SLURM_ARRAY_TASK_ID:-0}"; }

scheduler_end_time() {
  local end
  end=$(slurm_field EndTime)
  date -d "${end:-unknown}" +%s 2>/dev/null || echo "${SLURM_JOB_END_TIME:-$(($(date +%s) + job_walltime_s))}"
}

# sbatch --signal does.
scheduler_warn_before_end() { :; }

scheduler_out_of_time() { [[ $(slurm_field Reason) == TimeLimit ]]; }

# At preemption SLURM first sends SIGTERM to the ranks alone, and starts the job again when the grace is over. A job that is
# through before that must ask for it. The batch shell gets SIGTERM when a job is cancelled, when its time is over, and when
# its grace is; the last starts the job again without us. A cancelled job would come back to life if it asked.
scheduler_ends_job() {
  scheduler_out_of_time && return 1
  ((terminating)) || [[ $(slurm_field JobState) == @(COMPLETING|CANCELLED|PREEMPTED) ]]
}

# SLURM ends this shell when it takes the job back.
scheduler_restart() { scontrol requeue "$(slurm_job)"; }
