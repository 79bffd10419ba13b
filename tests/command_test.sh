# Runs the command test that is its argument, and says where it failed. Programs write to files that grep then reads: `| grep -q`
# closes the pipe at the first match, and mpirun with more to print dies of SIGPIPE, silently, now and then.
set -eEuo pipefail
trap 'echo "${BASH_SOURCE[0]}:$LINENO: exit status $?: $BASH_COMMAND" >&2' ERR
# shellcheck source=/dev/null
source "$1"
