#!/usr/bin/env bash
# Seeds each fuzzer from data/ and runs it for some seconds (`./bootstrap.sh fuzz` builds them first):
#   tests/fuzz/run.sh [SECONDS] [NAME...]
# Corpus and crashing inputs stay in build/asan/fuzz/corpus/NAME and build/asan/fuzz/crashes; the exit code tells of a crash.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${XXACT_FUZZ_BUILD:-$root/build/asan}
kept=$build/fuzz
seconds=${1:-60}
shift || true
names=("${@}")
((${#names[@]})) || names=(pattern csv json cif formula archive dataset)

# seed NAME FILE PREFIX [BYTES]: the first bytes of the standard input, behind a prefix: the byte that chooses the format.
seed() {
  mkdir -p "$kept/corpus/$1"
  { printf '%b' "$3"; head -c "${4:-20000}"; } >"$kept/corpus/$1/$2"
}

# Whole lines, so that the seeds are good files: 60 points each of the text formats.
seed_patterns() {
  local data=$root/data/measured
  head -n 60 "$data/LiMnO2.xy" | seed pattern xy '\0'
  head -n 60 "$data/aimat-powder-xrd-30-110deg.xy" | seed pattern csv '\x02'
  seed pattern xye '\x01' <"$data/synthetic-quartz-xrd.xye"
  head -n 110 "$data/BT86-siemens.uxd" | seed pattern uxd '\0'
  { printf '*RAS_DATA_START\n*RAS_HEADER_START\n'; sed -n '/MEAS_DATA_COUNT/d;90,380p' "$data/MB120718Si3.ras"; printf '*RAS_INT_END\n*RAS_DATA_END\n'; } |
    seed pattern ras '\0'
  seed pattern raw '\0' 30000 <"$data/BT86.raw"
  seed pattern raw_cut '\0' 1200 <"$data/BT86.raw"
  seed pattern xrdml '\x04' 40000 <"$data/PANalytical-powder-xrd-3-70deg.xrdml"
  seed pattern brml '\x03' 200000 <"$data/YBCO-A1-HG-600C-950C.brml"
  printf 'RAW %0160d' 0 | seed pattern raw1 '\0'
  printf 'RAW2%0400d' 0 | seed pattern raw2 '\0'
}

seed_structures() {
  # Not `zcat | head`: head would end zcat by a signal, which pipefail takes for a failure.
  head -n 60 < <(zcat "$root/data/mp20.csv.gz") | seed csv mp20 ''
  head -n 20 < <(zcat "$root/data/perovskites.csv.gz") | seed csv perovskites ''
  head -c 6000 < <(bzcat "$root/data/alexandria_sample.json.bz2") | seed json alexandria ''
  seed cif sites '' <<'CIF'
data_a
_cell_length_a 5
_cell_length_b 5
_cell_length_c 5
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M "F m -3 m"
loop_
_atom_site_type_symbol
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na Na1 0 0 0 1
Cl Cl1 1/2 0.5(1) 0.5 0.9
CIF
  seed cif operations '' <<'CIF'
data_b
_cell_length_a 5
_cell_length_b 5
_cell_length_c 9
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
loop_
_symmetry_equiv_pos_as_xyz
'x,y,z'
'-y,x-y,z+1/3'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Fe3+ 0.1 0.2 0.3
;
text
;
CIF
}

# Archives of two small structures, and the beginnings of compressed sources.
seed_archives() {
  local folder
  folder=$(mktemp -d)
  cp "$kept/corpus/cif/sites" "$folder/a.cif"
  cp "$kept/corpus/cif/operations" "$folder/b.cif"
  tar -C "$folder" -cf "$folder/plain.tar" a.cif b.cif
  seed archive tar '' <"$folder/plain.tar"
  gzip -c "$folder/plain.tar" | seed archive tar_gz ''
  bzip2 -c "$folder/plain.tar" | seed archive tar_bz2 ''
  python3 -m zipfile -c "$folder/plain.zip" "$folder/a.cif" "$folder/b.cif"
  seed archive zip '' <"$folder/plain.zip"
  gzip -c "$folder/a.cif" | seed archive cif_gz ''
  bzip2 -c "$folder/a.cif" | seed archive cif_bz2 ''
  zstd -qc "$folder/a.cif" | seed archive cif_zst ''
  zstd -qc "$folder/plain.tar" | seed archive tar_zst ''
  rm -r "$folder"
}

seed_formulas() {
  local n=0 formula
  for formula in Fe2O3 'CuSO4*5H2O' 'Ca(OH)2' 'La0.6Sr0.4[CoO3]1' '{NaCl}2' D2O; do
    n=$((n + 1))
    printf '%s' "$formula" | seed formula "$n" ''
  done
}

seed_patterns
seed_structures
seed_archives
seed_formulas
[[ " ${names[*]} " != *" dataset "* ]] || "$build/bin/fuzz_dataset" --seeds "$kept/corpus/dataset"
mkdir -p "$kept/crashes"
for name in "${names[@]}"; do
  "$build/bin/fuzz_$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=200000 -print_final_stats=1 \
    -artifact_prefix="$kept/crashes/$name-" "$kept/corpus/$name"
done
