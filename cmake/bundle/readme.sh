# The README of a bundle; cmake/bundle/make.sh reads this file.

field_of() { sed -n "s/^$2: //p" "$1" | head -n 1; }

# The wheels that the program was built with: those that it loads on the CPU, and those that it loads with a GPU.
readonly cpu_wheels='^(torch|nvidia_cuda_runtime|nvidia_cuda_cupti)-' gpu_wheels='^nvidia_'

wheel_folders() {  # PATTERN
  local folder
  for folder in "$wheels"/*.dist-info; do
    if [[ $(basename "$folder") =~ $1 ]]; then echo "$folder"; fi
  done
}

pinned_wheels() {  # PATTERN
  local folder
  while read -r folder; do
    echo "$(field_of "$folder/METADATA" Name)==$(field_of "$folder/METADATA" Version)"
  done < <(wheel_folders "$1") | paste -sd' '
}

platforms() {  # PATTERN
  local folder
  while read -r folder; do sed -n 's/^Tag: [^-]*-[^-]*-/--platform /p' "$folder/WHEEL"; done < <(wheel_folders "$1") | sort -u | paste -sd' '
}

write_gpu_wheels() {
  if [[ " ${binaries[*]} " != *' libxxact_device.so '* ]]; then return; fi
  printf '    and for GPUs, with the same options, also\n      %s\n' "$(pinned_wheels "$gpu_wheels")"
}

write_torch_section() {
  if [[ -z $wheels ]]; then
    printf 'Torch\n  This program is built without: it has the commands ingest, inspect, report, synthesize and xrd.\n\n'
    return
  fi
  local python
  python=$(sed -n 's/^Tag: cp3\([0-9]*\)-.*/3.\1/p' "$wheels"/torch-*.dist-info/WHEEL | head -n 1)
  cat <<TEXT
Torch
  Looked for in the folder wheels beside bin and lib, then in the folders of LD_LIBRARY_PATH. One of these:
  - a virtual environment that has it:  ln -s VENV/lib/python3*/site-packages wheels
  - somewhere else:                     export LD_LIBRARY_PATH=PLACE/torch/lib
  - no network here: on a machine with network
      python3 -m pip download --no-deps --dest wheelhouse --only-binary :all: --python-version $python \\
        $(platforms "$cpu_wheels|$gpu_wheels") \\
        $(pinned_wheels "$cpu_wheels")
$(write_gpu_wheels)
    then copy the folder wheelhouse here and unpack it; no pip is needed:
      mkdir wheels && for wheel in wheelhouse/*.whl; do python3 -m zipfile -e "\$wheel" wheels; done

TEXT
}

mpi_libraries() {
  local name
  for name in "${!found[@]}"; do
    if [[ $name =~ ^libp?mpi(ch)?[a-z_0-9]*\.so ]]; then echo "$name"; fi
  done | sort | paste -sd' '
}

write_mpi_section() {
  if ((with_mpi)); then
    cat <<'TEXT'
MPI
  OpenMPI is part of this bundle: bin/mpirun -n 4 bin/xxact ... It knows shared memory and TCP, on this machine alone. On a cluster
  use a bundle without MPI.

TEXT
    return
  fi
  cat <<TEXT
MPI
  The site's own, by its module: the loader must find $(mpi_libraries). libmpi.so.40 is OpenMPI 4 or 5, libmpi.so.12 is
  MPICH, Intel MPI and their kin; one does not stand in for the other. Start with the site's srun, mpiexec or mpirun.

TEXT
}

write_readme() {
  printf '%s\n\nbin/xxact --help; documents in share/doc/xxact, jobs in share/xxact/jobs. The folder may lie anywhere.\n\n' "$title"
  write_torch_section
  write_mpi_section
  cat <<TEXT
Also needed
  glibc $(glibc_needed) or newer; gnuplot on PATH for figures.

Libraries in lib, from where they were taken, and their licences: share/doc/xxact/libraries.
TEXT
}
