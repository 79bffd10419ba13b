# A SLURM of one node for a test, sourced: start_slurm and stop_slurm. Daemons of its own on ports of its own, without systemd or
# a database, with all their files in a folder of its own under /tmp, since the path of munge's socket must be short.
# Partition `high` preempts `low`, whose jobs have slurm_grace seconds for a checkpoint and are requeued.
# shellcheck shell=bash
slurm_daemons=() slurm_folder=''
readonly slurm_grace=20

slurm_missing() {
  local program
  for program in munged slurmctld slurmd sbatch; do
    if ! PATH=$PATH:/usr/sbin command -v "$program" > /dev/null; then echo "no $program (Debian: slurmctld slurmd slurm-client munge)"; return; fi
  done
  if ((EUID != 0)); then echo "slurmd must be root"; fi
}

free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 50); do
    if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then echo "$port"; return; fi
  done
  return 1
}

# PMIx names files in /tmp by the job's number: those of two tests at a time must differ.
slurm_configuration() {
  local host
  host=$(hostname -s)
  cat <<TEXT
ClusterName=xxact
FirstJobId=$(shuf -i 1000-60000000 -n 1)
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm_folder/munge.socket
CredType=cred/munge
StateSaveLocation=$slurm_folder/state
SlurmdSpoolDir=$slurm_folder/spool
SlurmctldPidFile=$slurm_folder/slurmctld.pid
SlurmdPidFile=$slurm_folder/slurmd.pid
SlurmctldLogFile=$slurm_folder/slurmctld.log
SlurmdLogFile=$slurm_folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=bf_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES PriorityTier=1 GraceTime=$slurm_grace
PartitionName=high Nodes=$host PriorityTier=10 PreemptMode=OFF
TEXT
}

slurm_has_pmix() { srun --mpi=list 2>&1 | grep -w pmix > /dev/null; }

# In the foreground, in the background of this shell: these processes are ours, and are ended by their numbers.
start_slurm() {
  local waited=0
  PATH=$PATH:/usr/sbin
  slurm_folder=$(mktemp -d /tmp/xxact-slurm.XXXXXX)
  chmod 755 "$slurm_folder"
  mkdir "$slurm_folder/state" "$slurm_folder/spool"
  export SLURM_CONF=$slurm_folder/slurm.conf
  # PMIx looks for the machine's own munge otherwise.
  export PMIX_MCA_psec=native
  slurm_configuration > "$SLURM_CONF"
  (umask 077 && head -c 1024 /dev/urandom > "$slurm_folder/munge.key")
  munged --foreground --key-file="$slurm_folder/munge.key" --socket="$slurm_folder/munge.socket" --pid-file="$slurm_folder/munge.pid" \
    --seed-file="$slurm_folder/munge.seed" --log-file="$slurm_folder/munge.log" --force > "$slurm_folder/munge.out" 2>&1 &
  slurm_daemons+=($!)
  until [[ -S $slurm_folder/munge.socket ]] || ((++waited > 100)); do sleep 0.1; done
  slurmctld -D > "$slurm_folder/slurmctld.out" 2>&1 &
  slurm_daemons+=($!)
  slurmd -D > "$slurm_folder/slurmd.out" 2>&1 &
  slurm_daemons+=($!)
  waited=0
  until [[ $(sinfo -h -p low -o %T 2> /dev/null) == idle ]]; do
    sleep 0.2
    ((++waited < 300)) || { echo "SLURM is not up after 60 s"; tail -n 20 "$slurm_folder"/*.log "$slurm_folder"/*.out; return 1; }
  done
}

# Jobs first, since they would outlive their daemons; then the daemons, last started first.
stop_slurm() {
  local i waited=0
  [[ -n $slurm_folder ]] || return 0
  scancel --quiet --user="$USER" > /dev/null 2>&1 || true
  until [[ -z $(squeue -h 2> /dev/null) ]] || ((++waited > 150)); do sleep 0.2; done
  for ((i = ${#slurm_daemons[@]} - 1; i >= 0; --i)); do
    kill "${slurm_daemons[i]}" 2> /dev/null || true
    wait "${slurm_daemons[i]}" 2> /dev/null || true
  done
  rm -rf "$slurm_folder"
  slurm_folder=''
}
