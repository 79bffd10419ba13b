#!/usr/bin/env bash
# rank.sh ORDER COMMAND...: one GPU for this rank of the node, by a list such as 3,2,1,0 in which the launcher's local ranks
# take their GPUs: the one that hangs at the cores that the rank is bound to.
set -euo pipefail
IFS=, read -r -a order <<<"$1"
shift
local_rank=${SLURM_LOCALID:-${PMI_LOCAL_RANK:-${PALS_LOCAL_RANKID:-${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-}}}}}
if [[ -z $local_rank ]]; then
  echo "rank.sh: the launcher tells no local rank: leave site_gpu_order empty, and xxact takes the GPU itself" >&2
  exit 64
fi
export CUDA_VISIBLE_DEVICES=${order[local_rank % ${#order[@]}]}
exec "$@"
