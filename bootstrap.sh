#!/usr/bin/env bash
# From a clean clone on Debian 12 to a built, tested, demonstrated program: each command does all of its own
# set-up first, and a later run repeats none of it. `./bootstrap.sh --help` says what there is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
readonly root=$PWD state=$PWD/.bootstrap venv=$PWD/.venv

apt_packages=(
  build-essential cmake ninja-build ccache git ca-certificates python3-venv pkg-config
  libopenmpi-dev openmpi-bin libhdf5-openmpi-dev
  libboost-program-options-dev libboost-iostreams-dev libssl-dev
  libfmt-dev libspdlog-dev libsimdjson-dev nlohmann-json3-dev libarchive-dev libpugixml-dev libxxhash-dev libnlopt-dev
  gemmi-dev libsymspg-dev librandom123-dev
  gnuplot-nox iproute2
  libgtest-dev libbenchmark-dev)

# For the sanitizers and the fuzz harnesses: libFuzzer is part of clang, llvm names the lines of a report. zstd packs seeds.
readonly sanitizer_packages=(clang libclang-rt-dev llvm zstd)
# A SLURM of one node, for the tests of the job files.
readonly scheduler_packages=(slurmctld slurmd slurm-client munge)
readonly fuzz_seconds=2  # each of seven harnesses, in `test`

# The wheels are pinned one by one and installed without their dependencies: the program uses Torch's C++ libraries,
# which need no Python package, and of NVIDIA's wheels a CPU build loads the CUDA runtime and CUPTI only.
readonly test_wheels=(numpy==2.4.6 h5py==3.16.0 xxhash==4.1.0)
readonly cpu_wheels=(torch==2.11.0 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
readonly cuda_wheels=(
  nvidia-cublas==13.1.0.3 nvidia-cuda-nvrtc==13.0.88 nvidia-cudnn-cu13==9.19.0.56 nvidia-cufft==12.0.0.61
  nvidia-cufile==1.15.1.6 nvidia-curand==10.4.0.35 nvidia-cusolver==12.0.4.66 nvidia-cusparse==12.6.3.3
  nvidia-cusparselt-cu13==0.8.0 nvidia-nccl-cu13==2.28.9 nvidia-nvjitlink==13.0.88
  nvidia-nvshmem-cu13==3.4.5 nvidia-nvtx==13.0.85)

usage() {
  cat <<'TEXT'
Usage: ./bootstrap.sh COMMAND [--cuda | --no-cuda] [ARGUMENTS]

Commands; each does the ones it needs first:
  setup   Debian packages (apt-get, with sudo unless root) and a virtual environment .venv with Torch 2.11.0
  build   the program, tests and benchmarks, in build/release
  demo    train, evaluate and screen on the small datasets in data/, ending in demo/report.html
          (ARGUMENTS go to jobs/demo.sh)
  test    all tests: the release build, everything without Torch under AddressSanitizer and UBSan (clang), and a short
          run of the fuzz harnesses
  asan    only the tests under the sanitizers, in build/asan
  fuzz    only the fuzz harnesses, in build/asan (ARGUMENTS: seconds for each, 60 if not given, and names of harnesses)
  bundle  the program with the libraries it needs in one file, for machines without network
          (ARGUMENTS go to cmake/bundle/make.sh: [--with-mpi] [FILE.tar.zst])
  clean   remove build/ and the record of what is set up; .venv and the packages stay

Options:
  --cuda      build the device part too (CUDA 13 toolkit needed; 3.4 GB more of wheels);
              the default where nvcc or an NVIDIA device is found
  --no-cuda   CPU only (1.3 GB of wheels)

Environment:
  XXACT_JOBS  compilers to run at once (default: as many as cores and memory allow)
  XXACT_RANKS ranks of the demo (default 2)
TEXT
}

say() { if [[ -t 1 ]]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi; }
fail() { printf 'bootstrap.sh: %s\n' "$*" >&2; exit 1; }

# timed "what" command...: says what is being done and how long it took.
timed() {
  local what=$1 began=$SECONDS status=0
  shift
  say "$what"
  "$@" || status=$?
  if ((status == 0)); then
    say "$what: done in $((SECONDS - began)) s"
  else
    say "$what: failed after $((SECONDS - began)) s"
  fi
  return $status
}

# quiet LOG command...: the output goes to a log, and to the terminal only when the command fails.
quiet() {
  local log=$state/$1
  shift
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; fail "'$*' failed; the whole output is in $log"; }
}

is_current() { [[ -f $state/$1 && $(<"$state/$1") == "$2" ]]; }
fingerprint() { printf '%s\n' "$@" | sha256sum | cut -d' ' -f1; }

cuda_home() {
  local nvcc
  for nvcc in "$(command -v nvcc || true)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" /usr/local/cuda/bin/nvcc; do
    if [[ -n $nvcc && -x $nvcc ]]; then dirname "$(dirname "$(readlink -f "$nvcc")")"; return; fi
  done
}

choose_device() {
  if [[ $cuda == auto ]]; then
    cuda=OFF
    if [[ -n $(cuda_home) ]]; then
      cuda=ON
    elif [[ -e /dev/nvidia0 ]]; then
      say "An NVIDIA device but no CUDA toolkit (nvcc): building for the CPU only. Install CUDA 13 and run again to use the device"
    fi
  elif [[ $cuda == ON && -z $(cuda_home) ]]; then
    fail "--cuda needs a CUDA 13 toolkit: nvcc is neither on PATH nor in \$CUDA_HOME/bin nor in /usr/local/cuda/bin"
  fi
  return 0
}

missing_packages() {
  local package
  for package in "${apt_packages[@]}"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
  done
}

install_packages() {
  local -a elevate=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "needs these packages, and neither root nor sudo is there to install them: $*"
    elevate=(sudo)
  fi
  quiet apt-update.log "${elevate[@]}" apt-get update
  quiet apt-install.log "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

setup_packages() {
  local mark
  # shellcheck source=/dev/null
  mark=$(fingerprint "$(. /etc/os-release && echo "$PRETTY_NAME")" "${apt_packages[@]}")
  is_current packages "$mark" && return
  command -v dpkg-query >/dev/null ||
    fail "not a Debian system: install the libraries of docs/dependencies.md and use 'cmake --preset release'"
  local -a missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    timed "Installing ${#missing[@]} Debian packages" install_packages "${missing[@]}"
  fi
  printf '%s\n' "$mark" >"$state/packages"
}

install_wheels() {
  # The system's Python, not whichever is first on PATH: the wheel is for CPython 3.11 on Debian 12.
  [[ -x $venv/bin/python ]] || /usr/bin/python3 -m venv "$venv"
  quiet pip.log "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps "$@"
}

setup_wheels() {
  local -a wheels=("${cpu_wheels[@]}" "${test_wheels[@]}")
  local size="1.3 GB" mark
  if [[ $cuda == ON ]]; then
    wheels+=("${cuda_wheels[@]}")
    size="4.1 GB"
  fi
  mark=$(fingerprint "${wheels[@]}")
  if is_current wheels "$mark" && compgen -G "$venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null; then return; fi
  timed "Installing Torch 2.11.0 and ${#wheels[@]} pinned wheels into .venv ($size on disk)" install_wheels "${wheels[@]}"
  printf '%s\n' "$mark" >"$state/wheels"
}

setup() {
  mkdir -p "$state"
  setup_packages
  setup_wheels
}

# A file that includes Torch takes about 2 GB to compile.
compile_jobs() {
  local cores limit available
  cores=$(nproc)
  available=$(awk '/^MemAvailable:/ {print int($2 / 1048576 / 2)}' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit != max ]] && ((limit / 2147483648 < available)); then available=$((limit / 2147483648)); fi
  ((available < 1)) && available=1
  echo "${XXACT_JOBS:-$((cores < available ? cores : available))}"
}

# configure PRESET [-D...]: only when the options differ from last time, and then afresh, since a cache keeps its compiler;
# Ninja itself sees changed CMake files.
configure() {
  local preset=$1 mark
  mark=$(fingerprint "$@" "$root" "$(<CMakePresets.json)")
  if is_current "configured-$preset" "$mark" && [[ -f build/$preset/build.ninja ]]; then return; fi
  timed "Configuring build/$preset" cmake --fresh --preset "$@"
  printf '%s\n' "$mark" >"$state/configured-$preset"
}

# build_preset PRESET TARGET
build_preset() { timed "Building build/$1 ($(compile_jobs) jobs)" cmake --build "build/$1" --target "$2" -j "$(compile_jobs)"; }

build_release() {
  local -a options=("-DXXACT_CUDA=$cuda")
  if [[ $cuda == ON ]]; then
    options+=("-DCUDAToolkit_ROOT=$(cuda_home)")
  fi
  configure release "${options[@]}"
  build_preset release "${1:-all}"
}

build_asan() {
  configure asan
  build_preset asan all
}

build_fuzz() {
  configure asan
  build_preset asan fuzz_harnesses
}

fuzz_briefly() { quiet fuzz.log tests/fuzz/run.sh "$fuzz_seconds"; }

run_tests() { ctest --test-dir "build/$1" --output-on-failure -j2; }

# The test runs end with ctest's own summary of the release build, so that the last line is a test result.
run_all_tests() {
  local fuzz=0 asan=0 release=0
  (timed "Fuzz harnesses, $fuzz_seconds s each" fuzz_briefly) || fuzz=$?
  say "Tests under AddressSanitizer and UBSan"
  run_tests asan || asan=$?
  say "Tests of the release build"
  run_tests release || release=$?
  ((fuzz == 0)) || fail "a fuzz harness failed; see above, and build/asan/fuzz/crashes for its input"
  ((asan == 0)) || fail "the tests under AddressSanitizer failed; see above"
  return $release
}

mpi_settings() {
  if ((EUID == 0)); then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
  # Ranks may outnumber cores here, and then they must give way to each other while they wait.
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
}

demo() {
  mpi_settings
  export XXACT="$root/build/release/bin/xxact" XXACT_RANKS="${XXACT_RANKS:-2}"
  timed "Demo" bash jobs/demo.sh "$@"
}

cuda=auto
command=
while (($#)); do
  case $1 in
    --cuda) cuda=ON ;;
    --no-cuda) cuda=OFF ;;
    -h | --help | help) usage; exit ;;
    --) shift; break ;;
    -*) [[ $command == demo || $command == fuzz || $command == bundle ]] && break; usage >&2; exit 64 ;;
    *) [[ -z $command ]] || break; command=$1 ;;
  esac
  shift
done

case $command in test | asan | fuzz) apt_packages+=("${sanitizer_packages[@]}") ;; esac
if [[ $command == test ]]; then apt_packages+=("${scheduler_packages[@]}"); fi
if [[ $command == bundle ]]; then apt_packages+=(zstd); fi

case $command in
  setup) choose_device; setup ;;
  build) choose_device; setup; build_release ;;
  demo) choose_device; setup; build_release xxact; demo "$@" ;;
  test) choose_device; setup; build_release; build_asan; run_all_tests ;;
  asan) choose_device; setup; build_asan; run_tests asan ;;
  fuzz) choose_device; setup; build_fuzz; tests/fuzz/run.sh "$@" ;;
  bundle) choose_device; setup; build_release xxact; timed "Bundle" cmake/bundle/make.sh "$@" ;;
  clean) rm -rf build .bootstrap ;;
  '') usage >&2; exit 64 ;;
  *) printf "bootstrap.sh: no command '%s'\n\n" "$command" >&2; usage >&2; exit 64 ;;
esac
