# A bundle with OpenMPI: every library and plugin that two ranks load, and mpirun itself, comes from the bundle, or is the C library.
[[ $(mpirun --version 2>&1) == *'Open MPI) 4.'* ]] || { echo "not OpenMPI 4: nothing to test"; exit 77; }
rm -rf bundle.tar.gz unpacked
mkdir unpacked
bash "$XXACT_SOURCE_DIR/cmake/bundle/make.sh" --build "$XXACT_BUILD" --with-mpi bundle.tar.gz
tar -C unpacked -xzf bundle.tar.gz
cd unpacked/xxact-*
if [[ -n $XXACT_WHEELS ]]; then ln -s "$XXACT_WHEELS" wheels; fi

unset LD_LIBRARY_PATH XXACT_LIBRARY_PATH
bin/xxact ingest "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --symmetry none --output set.h5 > ingest.txt 2>&1 || { cat ingest.txt; exit 1; }
mkdir loaded  # a file for each process
LD_DEBUG=files LD_DEBUG_OUTPUT=$PWD/loaded/by bin/mpirun -n 2 bin/xxact inspect set.h5 > inspect.txt 2> errors.txt || { cat errors.txt; exit 1; }
grep -q '3,787 with structure' inspect.txt || { cat inspect.txt; exit 1; }
grep -q 'calling init: .*/lib/libmpi\.so' loaded/* > found.txt
mapfile -t of_mpi < <(grep -l 'calling init: .*/libopen-rte' loaded/*)  # not of the launchers' dirname and readlink
sed -n 's/.*calling init: //p' "${of_mpi[@]}" | sort -u | grep -vF -e "$PWD/" -e "$(realpath "${XXACT_WHEELS:-$PWD}")/" > outside.txt || true
if grep -vE '/(ld-linux[^/]*|lib(c|m|dl|rt|pthread|resolv|util|nss_[a-z]+|tinfo))\.so[^/]*$' outside.txt; then echo "these were taken from the machine"; exit 1; fi
