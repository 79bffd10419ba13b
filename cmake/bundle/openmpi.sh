# OpenMPI in a bundle; cmake/bundle/make.sh reads this file. Its libraries look for plugins and texts where they were installed, unless
# variables say otherwise: so what lies in bin are scripts that set these, and the programs lie in libexec.

# Plugins for networks and schedulers would need libraries that a laptop has not.
readonly left_out_plugins='^mca_(btl_(ofi|openib|uct|ugni)|mtl_|pml_(ucx|cm|yalla)|osc_ucx|atomic_|spml_|scoll_|sshmem_|memheap_|common_|coll_(hcoll|monitoring)|pml_monitoring|osc_monitoring|pmix_flux|schizo_(flux|jsm)|ess_(slurm|alps|lsf|tm)|plm_(slurm|tm|lsf|alps)|ras_(slurm|tm|lsf|gridengine|alps))'

open_mpi_folder() { ompi_info --path "$1" --parsable | sed -n 's/^path:[^:]*://p'; }

add_plugins() {
  local plugin folder=$stage/lib/openmpi
  mkdir -p "$folder"
  for plugin in "$(open_mpi_folder pkglibdir)"/mca_*.so; do
    [[ $(basename "$plugin") =~ $left_out_plugins ]] && continue
    look_up "$plugin"
    follow "$plugin"
    install -m 644 "$plugin" "$folder"
    rewrite_rpath "$folder/$(basename "$plugin")"
  done
}

# write_launcher PROGRAM LINE: bin/PROGRAM sets the variables, does what the line says, and becomes libexec/PROGRAM.
write_launcher() {
  cat >"$stage/bin/$1" <<TEXT
#!/bin/sh
# OpenMPI is told where this folder lies, and the program takes this process over.
home=\$(cd "\$(dirname "\$(readlink -f "\$0")")/.." && pwd)
export OPAL_PREFIX="\$home" OPAL_BINDIR="\$home/bin" OPAL_LIBDIR="\$home/lib" OPAL_PKGLIBDIR="\$home/lib/openmpi"
export OPAL_PKGDATADIR="\$home/share/openmpi" OPAL_SYSCONFDIR="\$home/etc"
# Ranks on this machine alone: with its usual way to others OpenMPI does not even start where there is no ssh.
export OMPI_MCA_plm="\${OMPI_MCA_plm:-isolated}"
# Plugins of another hwloc or PMIx, if the machine has one, would not fit, and none is needed; of a missing one for zlib PMIx would warn.
export HWLOC_PLUGINS_PATH="\$home/lib/openmpi/none" PMIX_MCA_mca_base_component_disable_dlopen=1 PMIX_MCA_pcompress_base_silence_warning=1
$2
exec "\$home/libexec/$1" "\$@"
TEXT
  chmod 755 "$stage/bin/$1"
}

add_openmpi() {
  local program
  if [[ ! ${found[libmpi.so.40]:-} || $(open_mpi_folder prefix 2>/dev/null) == '' ]]; then
    fail "--with-mpi knows OpenMPI 4 alone, with its program ompi_info on PATH; make the bundle without, and use the MPI of the machine"
  fi
  [[ $(ompi_info --version) == *v4.* ]] || fail "--with-mpi knows OpenMPI 4 alone, not: $(ompi_info --version | head -n 1)"
  mkdir -p "$stage/libexec" "$stage/etc" "$stage/share"
  mv "$stage"/bin/* "$stage/libexec/"
  for program in orterun orted; do
    install -m 755 "$(readlink -f "$(open_mpi_folder bindir)/$program")" "$stage/libexec/"
    look_up "$stage/libexec/$program"
    follow "$stage/libexec/$program"
  done
  mv "$stage/libexec/orterun" "$stage/libexec/mpirun"
  add_plugins
  cp -rL "$(open_mpi_folder pkgdatadir)" "$stage/share/openmpi"
  cp -L "$(open_mpi_folder sysconfdir)"/*.conf "$stage/etc/"
  # mpirun, and orted, which OpenMPI itself starts, have no library path of their own. What xxact starts, such as gnuplot, must not get ours.
  local ours='export XXACT_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" LD_LIBRARY_PATH="$home/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"'
  write_launcher mpirun "$ours"
  write_launcher orted "$ours"
  write_launcher xxact 'if [ "${XXACT_LIBRARY_PATH+set}" ]; then LD_LIBRARY_PATH=$XXACT_LIBRARY_PATH; fi'
}
