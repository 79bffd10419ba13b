#!/usr/bin/env bash
# The tests of what must not depend on the number of ranks, with more numbers than the test suite has time for: dataset hashes, the order of
# samples, batches and losses, windows, result tables, campaigns. usage: bench/ranks.sh [BUILD_FOLDER] [RANKS...]; default build/release 1 2 3 4 7
set -euo pipefail
build=$(realpath "${1:-build/release}")
shift || true
(($#)) || set -- 1 2 3 4 7
if ((EUID == 0)); then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive HDF5_USE_FILE_LOCKING=FALSE
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0
for ranks in "$@"; do
  for test in io_ingest io_dataset_store io_dataset_load io_results_table streaming synthesis_campaign training_ranks; do
    [[ -x $build/bin/test_$test ]] || { echo "bench/ranks.sh: $build/bin/test_$test is not built" >&2; exit 1; }
    mkdir -p "$test.$ranks"
    began=$SECONDS result=passed
    (cd "$test.$ranks" && XXACT_TEST_SCRATCH=$PWD mpirun -n "$ranks" "$build/bin/test_$test" >log 2>&1) || { result=FAILED; failed=1; tail -n 40 "$test.$ranks/log"; }
    printf '%d ranks  %-20s %s in %d s, %s\n' "$ranks" "$test" "$result" $((SECONDS - began)) "$(grep -aoE '[0-9]+ tests? from [0-9]+ test suites? ran' "$test.$ranks/log" | tail -n 1)"
  done
done
exit $failed
