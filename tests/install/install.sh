# An installation that was moved: its program and job files run, and a project of somebody else builds with its libraries. Bragg's law says
# where that project's answer lies: asin(1.54184 / 5.6402) is half of 31.73 degrees.
rm -rf first "moved here" consumer refused
cmake --install "$XXACT_BUILD" --prefix "$PWD/first" > install.txt
mv first "moved here"
prefix=$PWD/moved\ here

if grep -nE '[";]/[A-Za-z]' "$prefix"/lib*/cmake/xxact/xxact*Targets*.cmake "$prefix"/lib*/cmake/xxact/xxactParts.cmake; then
  echo "the package names folders of the machine that built it"
  exit 1
fi

[[ $(env -u LD_LIBRARY_PATH "$prefix/bin/xxact" --version) == $("$XXACT" --version) ]]
structure=$XXACT_SOURCE_DIR/data/phases/MnO2.cif
env -u LD_LIBRARY_PATH "$prefix/bin/xxact" xrd "$structure" > moved.txt
"$XXACT" xrd "$structure" > built.txt
cmp built.txt moved.txt
XXACT='' "$prefix/share/xxact/jobs/submit" --dry-run train -- --data set.h5 --output run > submit.txt
grep -qF "$(printf '%q' "$prefix/bin/xxact") train" submit.txt || { echo "jobs/submit does not take the program beside it"; cat submit.txt; exit 1; }

cmake -S "$XXACT_SOURCE_DIR/tests/install/consumer" -B consumer -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" > configure.txt
cmake --build consumer > build.txt || { cat build.txt; exit 1; }
[[ $(consumer/powder) == "200 31.73" ]] || { echo "the consumer says: $(consumer/powder)"; exit 1; }

mkdir refused
cat > refused/CMakeLists.txt <<'TEXT'
cmake_minimum_required(VERSION 3.25)
project(refused LANGUAGES CXX)
find_package(xxact REQUIRED COMPONENTS crystals)
TEXT
if cmake -S refused -B refused/build -DCMAKE_PREFIX_PATH="$prefix" > refused.txt 2>&1; then exit 1; fi
grep -q "no part 'crystals'" refused.txt || { cat refused.txt; exit 1; }
