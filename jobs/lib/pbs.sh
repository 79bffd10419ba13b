# PBS (OpenPBS, PBS Pro): what lib/job.sh asks of a scheduler. A job that stopped is followed by a new one, with a counter.
# shellcheck shell=bash disable=SC2154

scheduler_restarts() { echo "${XXACT_JOB_RESTARTS:-0}"; }
scheduler_array_index() { echo "${XXACT_JOB_INDEX:-${PBS_ARRAY_INDEX:-0}}"; }

seconds_of() {
  local hours minutes seconds
  IFS=: read -r hours minutes seconds <<<"$1"
  echo $((10#$hours * 3600 + 10#$minutes * 60 + 10#$seconds))
}

# From the time that PBS granted; a job file begins with its allocation, within seconds.
scheduler_end_time() {
  local granted
  granted=$(qstat -f "$PBS_JOBID" 2>/dev/null | sed -n 's/^ *Resource_List\.walltime = //p' | sed -n 1p)
  if [[ $granted =~ ^[0-9]+:[0-9]+:[0-9]+$ ]]; then
    echo $((job_started + $(seconds_of "$granted")))
  else
    echo $((job_started + ${PBS_WALLTIME:-$job_walltime_s}))
  fi
}

# PBS has no warning: a sleeper in the background gives it, and goes with the job.
scheduler_warn_before_end() {
  local delay=$((XXACT_JOB_END_TIME - job_lead_s - $(date +%s)))
  if ((job_lead_s == 0)); then return; fi
  (
    trap 'kill "$sleeper"; exit' TERM
    sleep "$((delay > 0 ? delay : 0))" &
    sleeper=$!
    wait "$sleeper"
    kill -USR1 $$
  ) </dev/null >/dev/null 2>&1 &
  # shellcheck disable=SC2064
  trap "kill $! 2>/dev/null || true" EXIT
}

scheduler_out_of_time() { (($(date +%s) >= XXACT_JOB_END_TIME)); }

# PBS ends a job that is deleted or preempted with SIGTERM; what it preempts it runs again by itself (-r y).
scheduler_ends_job() { ! scheduler_out_of_time && ((terminating)); }

# The same qsub as that of jobs/submit; of an array, this task alone.
scheduler_restart() {
  local variables="XXACT_JOB_RECORD=$XXACT_JOB_RECORD,XXACT_JOB_RESTARTS=$(($(scheduler_restarts) + 1))"
  if [[ -n ${XXACT_JOB_INDEX:-${PBS_ARRAY_INDEX:-}} ]]; then variables+=",XXACT_JOB_INDEX=$(scheduler_array_index)"; fi
  "${job_qsub[@]}" -v "$variables" "$job_root/jobs/pbs/$job_kind.pbs"
}
