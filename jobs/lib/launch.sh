# Starts the ranks, and hands the scheduler's warning on to them. From the site's profile: site_launcher, site_launcher_options,
# site_ranks_per_node, site_cores_per_rank, site_gpu_order.
# shellcheck shell=bash disable=SC2154,SC2034

# The signal that ranks get when the allocation is about to end: USR1 asks xxact train for a checkpoint.
stop_ranks_with=USR1

rank_command() {
  rank_command=()
  local ranks=$((job_nodes * site_ranks_per_node))
  case $site_launcher in
    srun)
      rank_command=(srun --nodes="$job_nodes" --ntasks="$ranks" --ntasks-per-node="$site_ranks_per_node"
        --cpus-per-task="${site_cpus_per_rank:-$site_cores_per_rank}")
      ;;
    mpiexec)  # of PALS (Cray), of MPICH
      rank_command=(mpiexec -n "$ranks" -ppn "$site_ranks_per_node")
      ;;
    # OpenMPI's: a second after SIGTERM it kills its ranks, too soon for a checkpoint. Longer is no better: after ranks have left
    # with 75 by themselves, it waits twice this long (measured with 4.1.4), and KillWait is 30 s.
    mpirun)
      rank_command=(mpirun -n "$ranks" --map-by "ppr:$site_ranks_per_node:node:PE=$site_cores_per_rank" --mca odls_base_sigkill_timeout 10)
      ;;
    *)
      say "site_launcher=$site_launcher in $job_site: neither srun nor mpiexec nor mpirun"
      exit 64
      ;;
  esac
  rank_command+=("${site_launcher_options[@]}")
  if [[ -n ${site_gpu_order:-} ]]; then rank_command+=("$job_root/jobs/lib/rank.sh" "$site_gpu_order"); fi
  rank_command+=("$job_xxact")
}

# bash runs a trap only between commands, so the launcher is in the background and `wait` is what the trap interrupts.
# Ranks are asked once, however many warnings come: SLURM sends the batch shell SIGTERM at the end as well.
forward_stop() {
  signalled=1
  if [[ -z $launcher || $asked == 1 ]]; then return 0; fi  # a bare return hands on what `wait` gave
  asked=1
  say "SIG$1 from the scheduler: SIG$stop_ranks_with to the ranks"
  kill "-$stop_ranks_with" "$launcher" 2>/dev/null || true
}

# run_ranks COMMAND ARGUMENTS...: returns what the launcher does. Warnings that come before the ranks are there count as well.
run_ranks() {
  local status rank_command
  rank_command
  if [[ $warned == 1 ]]; then return "$stopped_with_checkpoint"; fi
  printf '%q ' "${rank_command[@]}" "$@" >&2
  printf '\n' >&2
  asked=0
  "${rank_command[@]}" "$@" &
  launcher=$!
  while :; do
    signalled=0
    status=0
    wait "$launcher" || status=$?
    ((signalled)) || break
  done
  launcher=''
  return "$status"
}

launcher='' asked=0 warned=0 signalled=0 terminating=0
trap 'warned=1; forward_stop USR1' USR1
trap 'warned=1; terminating=1; forward_stop TERM' TERM
