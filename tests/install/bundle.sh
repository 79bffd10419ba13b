# A bundle that was unpacked in another folder runs, with its own libraries: of the machine it takes the C library and MPI alone.
rm -rf bundle.tar.gz "unpacked here"
mkdir "unpacked here"
bash "$XXACT_SOURCE_DIR/cmake/bundle/make.sh" --build "$XXACT_BUILD" bundle.tar.gz
tar -C "unpacked here" -xzf bundle.tar.gz
cd "unpacked here"/xxact-*
if [[ -n $XXACT_WHEELS ]]; then ln -s "$XXACT_WHEELS" wheels; fi

unset LD_LIBRARY_PATH XXACT_LIBRARY_PATH
for file in bin/* lib/*; do
  if readelf -d "$file" | grep -E 'R(UN)?PATH.*(\[|:)/'; then echo "$file looks into folders of the machine that built it"; exit 1; fi
done

# Every library that the program finds lies here, or in the wheels, or is the C library, or one that the machine's MPI brings.
ldd bin/xxact > libraries.txt
if grep 'not found' libraries.txt; then exit 1; fi
mpi=$(sed -n 's/.* => \(.*libmpi[^ ]*\) .*/\1/p' libraries.txt | head -n 1)
{ ldd "$mpi" | sed -n 's/.*=> \([^ ]*\).*/\1/p'; echo "$mpi"; } | xargs -n 1 basename | sort -u > of_mpi.txt
sed -n 's/.*=> \(.*\) (0x.*/\1/p' libraries.txt | grep -vF -e "$PWD/" -e "$(realpath "${XXACT_WHEELS:-$PWD}")/" > outside.txt
while read -r library; do
  name=$(basename "$library")
  if ! grep -qxF "$name" of_mpi.txt && [[ ! $name =~ ^lib(c|m|dl|rt|pthread|resolv|util)\.so ]]; then echo "taken from the machine: $library"; exit 1; fi
done < outside.txt

[[ $(bin/xxact --version) == $("$XXACT" --version) ]]
$MPIRUN bin/xxact ingest "$XXACT_SOURCE_DIR/data/perovskites.csv.gz" --symmetry none --output set.h5 > ingest.txt 2>&1 || { cat ingest.txt; exit 1; }
bin/xxact inspect set.h5 > inspect.txt
grep -q '3,787 with structure' inspect.txt || { cat inspect.txt; exit 1; }
grep -q 'glibc [0-9.]* or newer' README
if [[ -e bin/libxxact_device.so ]]; then
  if ldd bin/libxxact_device.so | grep 'not found' | grep -v libcuda.so; then exit 1; fi
fi

# It says what is wrong.
code=0
bash "$XXACT_SOURCE_DIR/cmake/bundle/make.sh" --build "$XXACT_BUILD" bundle.zip 2> refused.txt || code=$?
[[ $code == 64 ]] && grep -q 'bundle.zip does not end in' refused.txt || { cat refused.txt; exit 1; }
code=0
bash "$XXACT_SOURCE_DIR/cmake/bundle/make.sh" --build "$XXACT_TEST_SCRATCH" x.tar.gz 2> refused.txt || code=$?
[[ $code == 1 ]] && grep -q 'there is no program' refused.txt || { cat refused.txt; exit 1; }
