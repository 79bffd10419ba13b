#!/usr/bin/env bash
# Packs a built program with the libraries it needs into one file; see usage below and docs/install.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here root=${here%/cmake/bundle}

usage() {
  cat <<'TEXT'
Usage: cmake/bundle/make.sh [--build FOLDER] [--with-mpi] [FILE.tar.zst | FILE.tar.gz | FILE.tar.xz]

Packs the program, its libraries, jobs, configurations and documents. The bundle runs from whatever folder it is unpacked to.
Not in it: the C library, drivers, Torch, and MPI, which has to be the site's own; its file README says where they are looked for.

Options:
  --build FOLDER  where the program is built [build/release]
  --with-mpi      OpenMPI too, for machines without MPI; it knows shared memory and TCP, not a cluster's network
  FILE            [BUILD/xxact-VERSION-linux-MACHINE.tar.zst, or .tar.gz where there is no zstd]
TEXT
}

fail() { printf 'bundle: %s\n' "$*" >&2; exit 1; }
bad_usage() { printf 'bundle: %s (--help says more)\n' "$*" >&2; exit 64; }

# Found on the machine where the bundle runs. MPI comes with the libraries of the network and of the scheduler.
readonly c_library='^(ld-linux.*|linux-vdso|lib(c|m|mvec|dl|rt|pthread|resolv|util|anl|nsl|nss_[a-z]+|BrokenLocale|thread_db))\.so'
readonly drivers='^lib(cuda|nvidia-[a-z]+|cxi)\.so'
readonly mpi='^lib(p?mpi[a-z_0-9]*|mpich[a-z_0-9]*|open-(pal|rte)|prrte|mca_common_.*|pmix?2?|fabric|uc[pstm]|psm[0-9]?|ibverbs|rdmacm|xpmem|pals|dsmml|sci[a-z_]*)\.so'

needed_by() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
rpath_of() { readelf -d "$1" | sed -n 's/.*(\(RPATH\|RUNPATH\)).*\[\(.*\)\]/\2/p'; }

declare -A found=()    # name of a library: where the loader finds it
declare -A bundled=()  # the same, of those that go along

# look_up FILE: adds what the loader finds for this program or library.
look_up() {
  local name arrow place
  while read -r name arrow place _; do
    if [[ $arrow == '=>' ]]; then found[$name]=$place; fi
  done < <(ldd "$1")
}

is_torchs() {  # NAME: of the wheel of Torch, or of NVIDIA's wheels beside it
  [[ -n $wheels ]] || return 1
  [[ ${found[$1]:-} == "$wheels"/* ]] || compgen -G "$wheels/nvidia/*/lib/$1" >/dev/null
}

stays_behind() {  # NAME
  if [[ $1 =~ $c_library || $1 =~ $drivers ]] || is_torchs "$1"; then return 0; fi
  [[ $1 =~ $mpi ]] && ((!with_mpi))
}

# follow FILE: takes along what it needs, and what that needs.
follow() {
  local name
  while read -r name; do
    if [[ -n ${bundled[$name]:-} ]] || stays_behind "$name"; then continue; fi
    [[ -e ${found[$name]:-} ]] || fail "$1 needs $name, which the loader does not find: load the modules of the build, or set LD_LIBRARY_PATH"
    bundled[$name]=${found[$name]}
    follow "${found[$name]}"
  done < <(needed_by "$1")
}

# shellcheck disable=SC2016  # $ORIGIN is the loader's
# rewrite_rpath FILE: of a program the folders relative to itself, of a library or plugin the folder where all lie. Those of this machine go.
rewrite_rpath() {
  local old new folder
  old=$(rpath_of "$1") new=
  if [[ -z $old ]]; then return; fi  # then it searches where the program does, which has a DT_RPATH
  if [[ $1 == "$stage"/lib/*/* ]]; then
    new='$ORIGIN/..'
  elif [[ $1 == "$stage"/lib/* ]]; then
    new='$ORIGIN'
  else
    while read -rd: folder; do
      if [[ $folder == '$ORIGIN'/* ]]; then new+=${new:+:}$folder; fi
    done <<<"$old:"
  fi
  if [[ $new != "$old" ]]; then cmake -D "FILE=$1" -D "OLD=$old" -D "NEW=$new" -P "$here/change_rpath.cmake" >"$work/rpath.log" || fail "$1: cannot change its library path $old"; fi
}

copy_libraries() {
  local name
  mkdir -p "$stage/lib"
  for name in "${!bundled[@]}"; do
    install -m 755 "${bundled[$name]}" "$stage/lib/$name"
    rewrite_rpath "$stage/lib/$name"
  done
}

# The licences of libraries that are Debian's; of others the list of origins has to do.
copy_licences() {
  local name package documents=$stage/share/doc/xxact/libraries
  mkdir -p "$documents"
  for name in "${!bundled[@]}"; do printf '%s %s\n' "$name" "$(realpath "${bundled[$name]}")"; done | sort >"$documents/origins.txt"
  command -v dpkg-query >/dev/null || return 0
  while read -r package; do
    if [[ -e /usr/share/doc/$package/copyright ]]; then cp -L "/usr/share/doc/$package/copyright" "$documents/$package.copyright"; fi
  done < <(cut -d' ' -f2 "$documents/origins.txt" | sed 'p; s,^/usr/,/,' | xargs dpkg-query -S 2>/dev/null | sed 's/:.*//' | sort -u)
}

glibc_needed() {
  find "$stage/bin" "$stage/lib" "$stage"/libexec* -type f -exec readelf -V {} + 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 | cut -d_ -f2
}

# shellcheck source=readme.sh
source "$here/readme.sh"
# shellcheck source=openmpi.sh
source "$here/openmpi.sh"

pack() {
  local how
  case $1 in
    *.tar.zst) command -v zstd >/dev/null || fail "no program zstd for $1: name a .tar.gz or .tar.xz"; how='zstd -q -T0 -9' ;;
    *.tar.gz) how='gzip -6' ;;
    *.tar.xz) how='xz -T0' ;;
  esac
  tar -C "$(dirname "$stage")" --sort=name --owner=0 --group=0 -I "$how" -cf "$1.part" "$(basename "$stage")"
  mv "$1.part" "$1"
}

build=$root/build/release with_mpi=0 file=
while (($#)); do
  case $1 in
    -h | --help) usage; exit ;;
    --build) (($# > 1)) || bad_usage "--build needs a folder"; build=$2; shift ;;
    --with-mpi) with_mpi=1 ;;
    -*) bad_usage "no option $1" ;;
    *) [[ -z $file ]] || bad_usage "one file at a time: $file or $1"; file=$1 ;;
  esac
  shift
done
[[ -x $build/bin/xxact ]] || fail "there is no program $build/bin/xxact: build it first, or name its folder with --build"
for tool in cmake ldd readelf tar; do command -v "$tool" >/dev/null || fail "needs the program $tool"; done

build=$(realpath "$build")
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
machine=$(uname -m)
readonly title=xxact-$version-linux-$machine
if [[ -z $file ]]; then file=$build/$title.tar.$(command -v zstd >/dev/null && echo zst || echo gz); fi
case $file in *.tar.zst | *.tar.gz | *.tar.xz) ;; *) bad_usage "$file does not end in .tar.zst, .tar.gz or .tar.xz" ;; esac
work=$(mktemp -d "$build/bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT
readonly stage=$work/$title

cmake --install "$build" --prefix "$stage" --component program >"$work/install.log" || { cat "$work/install.log" >&2; fail "cmake --install failed"; }
binaries=(xxact)
if [[ -e $stage/bin/libxxact_device.so ]]; then binaries+=(libxxact_device.so); fi
for binary in "${binaries[@]}"; do look_up "$build/bin/$binary"; done
wheels=
if [[ -e ${found[libtorch_cpu.so]:-} ]]; then wheels=$(realpath "${found[libtorch_cpu.so]}") wheels=${wheels%/torch/lib/*}; fi
if [[ -n $wheels ]] && ! compgen -G "$wheels/torch-*.dist-info/WHEEL" >/dev/null; then
  fail "Torch in $wheels is no unpacked wheel (no torch-*.dist-info): the bundle could not say which one it needs"
fi
for binary in "${binaries[@]}"; do
  follow "$build/bin/$binary"
  rewrite_rpath "$stage/bin/$binary"
done
if ((with_mpi)); then add_openmpi; fi
copy_libraries
copy_licences
write_readme >"$stage/README"
pack "$file"
printf '%s: %s, %d libraries\n' "$file" "$(du -h "$file" | cut -f1)" "${#bundled[@]}"
