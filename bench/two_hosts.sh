#!/usr/bin/env bash
# Two "hosts" on one machine: network namespaces with a name and an address each, joined by one cable (a veth pair), so that
# the ranks have TCP between them and nothing else, and each host loads a copy of the dataset of its own.
#
#   bench/two_hosts.sh [BUILD] [RANKS_PER_HOST]
#
# Ingests mp20 and the perovskites on both hosts and compares the content hash with that of one rank alone; then runs the tests of dataset
# files, of result tables and of ingest on both. Needs root (ip netns); without, it says so and ends with 77, which ctest counts as skipped.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:-$root/build/release}" && pwd)
per_host=${2:-1}

work=$(mktemp -d)
finish() {
  ip netns del xxact-a 2>/dev/null || true
  ip netns del xxact-b 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
ip netns del xxact-a 2>/dev/null || true  # of a run that was interrupted
ip netns del xxact-b 2>/dev/null || true
if ! { ip netns add xxact-a && ip netns add xxact-b && ip link add xxact-va type veth peer name xxact-vb; } 2>"$work/why"; then
  echo "two_hosts: SKIPPED, network namespaces are not granted: $(tr '\n' ' ' <"$work/why")"
  exit 77
fi
for host in a b; do
  ip link set "xxact-v$host" netns "xxact-$host"
  ip -n "xxact-$host" addr add "10.77.0.$([[ $host == a ]] && echo 1 || echo 2)/24" dev "xxact-v$host"
  ip -n "xxact-$host" link set "xxact-v$host" up
  ip -n "xxact-$host" link set lo up
done

# What mpirun calls in place of ssh: AGENT ADDRESS COMMAND...
cat >"$work/agent" <<'AGENT'
#!/usr/bin/env bash
shift
exec ip netns exec xxact-b unshare --uts bash -c 'hostname xxact-b; eval "$@"' bash "$@"
AGENT
chmod +x "$work/agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none XXACT_TEST_SCRATCH=$work
on_both() {
  ip netns exec xxact-a unshare --uts bash -c 'hostname xxact-a; exec "$@"' bash \
    mpirun -n $((2 * per_host)) --host "10.77.0.1:$per_host,10.77.0.2:$per_host" --mca plm_rsh_agent "$work/agent" \
    --mca btl self,vader,tcp --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 -x XXACT_TEST_SCRATCH "$@"
}

cd "$work"
printf 'hosts: %s\n' "$(on_both hostname | sort | uniq -c | tr -s ' \n' ' ')"
inputs=("$root/data/mp20.csv.gz" "$root/data/perovskites.csv.gz")
"$build/bin/xxact" ingest --input "${inputs[@]}" --output alone.h5 --symmetry none --progress false 2>alone.log
on_both "$build/bin/xxact" ingest --input "${inputs[@]}" --output both.h5 --symmetry none --progress false 2>both.log
alone=$("$build/bin/xxact" inspect alone.h5 --json | grep -o '"content_hash": *"[0-9a-f]*"')
both=$("$build/bin/xxact" inspect both.h5 --json | grep -o '"content_hash": *"[0-9a-f]*"')
[[ $alone == "$both" ]] || { echo "two_hosts: $both on two hosts, $alone on one"; exit 1; }
echo "ingest: the same dataset, $alone"
for test in io_dataset_store io_results_table io_ingest; do
  on_both "$build/bin/test_$test" >"$test.log" 2>&1 || { cat "$test.log"; echo "two_hosts: $test fails"; exit 1; }
  echo "$test: $(grep -c '\[       OK \]' "$test.log") tests pass"
done
