#!/usr/bin/env bash
# Fits simulated to measured patterns and prints a table of their agreement: those of data/measured, and with FOLDER the supplements of five
# papers in IUCr journals (the .cif with the structure and the .xy of its measured points), which are not this project's to pass on.
#   bench/xrd/measured_set.sh [--pictures OUT] [FOLDER]
# FOLDER holds NAME.cif and NAME.xy of NAME = br1322*, br1340*, sq1033*, gw5052*100K*, wh5012phaseII*. XXACT is the program
# (build/release/bin/xxact of the project), OUT gets a picture and the fitted values of each.
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
program=${XXACT:-$root/build/release/bin/xxact}
pictures=
if [[ ${1:-} == --pictures ]]; then
  pictures=${2:?--pictures needs a folder}
  mkdir -p "$pictures"
  shift 2
fi
folder=${1:-}
[[ -x $program ]] || { echo "no program $program: build it or set XXACT" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

only() {  # PATTERN: the one file that it names
  local found=($1)
  [[ ${#found[@]} -eq 1 && -f ${found[0]} ]] || { echo "not one file: $1" >&2; exit 1; }
  echo "${found[0]}"
}

# fit NAME STRUCTURE MEASURED OPTIONS...: one row.
fit() {
  local name=$1 structure=$2 measured=$3 status=0
  shift 3
  # The file's name is the structure's in tables and pictures.
  ln -sf "$(realpath "$structure")" "$scratch/${name%%-*}.cif"
  local outputs=(--fit-result "$scratch/$name.json")
  [[ -z $pictures ]] || outputs=(--fit-result "$pictures/$name.json" --plot "$pictures/$name.png")
  "$program" xrd --input "$scratch/${name%%-*}.cif" --measured "$measured" --fit "${outputs[@]}" "$@" >"$scratch/table" 2>"$scratch/messages" || status=$?
  if [[ $status -ne 0 ]]; then
    cat "$scratch/messages" >&2
    exit "$status"
  fi
  local options=
  while [[ $# -gt 0 ]]; do
    options+=" $1"
    [[ ${2:-} == */* ]] && options+=" $(basename "$2")" || options+=" ${2:-}"
    shift 2
  done
  awk -v name="$name" -v options="${options# }" '
    /^cosine/ { cosine = $3 }
    /^R_wp/ { wp = $2; lines = $5; expected = $7; sub(",", "", wp); sub(",", "", lines) }
    END { printf "| %s | %s | %s | %s | %s | `%s` |\n", name, cosine, wp, lines, expected, options }' "$scratch/table"
}

echo '| pattern | cosine | R_wp | without background | expected | options |'
echo '|---|---|---|---|---|---|'
readonly usual=zero,caglioti,x,y,b-iso
if [[ -n $folder ]]; then
  supplement() {  # NAME PATTERN OPTIONS...
    local name=$1 pattern=$2
    shift 2
    fit "$name" "$(only "$folder/$pattern.cif")" "$(only "$folder/$pattern.xy")" "$@"
  }
  # The refined displacements are too large and too different for one overall B.
  supplement AlPO4 'br1322*' --wavelength CuKa1 --adp on --fit-parameters zero,caglioti,x,y,axial
  supplement CdBiClO2 'br1340*' --wavelength CuKa12 --monochromator 26.6 --fit-parameters $usual,axial
  supplement LaInO3 'sq1033*' --wavelength CuKa12 --monochromator 26.6 --fit-parameters $usual,axial
  supplement Mg2Si 'gw5052*100K*' --wavelength 0.49935 --fit-parameters $usual,axial --background-terms 12
  supplement Rb2S 'wh5012phaseII*' --wavelength MoKa12 --fit-parameters zero,width,y --background-terms 4
  supplement Rb2S-texture 'wh5012phaseII*' --wavelength MoKa12 --fit-parameters zero,width,y,texture --texture-axis 1,1,2 --background-terms 4
fi
bismuth_ferrite() { fit "$1" "$root"/data/phases/BiFeO3.cif "$root"/data/measured/BiFeO3.xy --wavelength CuKa12 --fit-parameters $usual,strain "${@:2}"; }
bismuth_ferrite BiFeO3
bismuth_ferrite BiFeO3-windows --exclude 27.6-28.75 --exclude 28.9-29.7 --exclude 32.8-33.7
bismuth_ferrite BiFeO3-impurities --impurity "$root"/data/phases/Bi25FeO39.cif --impurity "$root"/data/phases/Bi2Fe4O9.cif
bismuth_ferrite BiFeO3-slit --divergence-slit automatic
bismuth_ferrite BiFeO3-impurities-slit --impurity "$root"/data/phases/Bi25FeO39.cif --impurity "$root"/data/phases/Bi2Fe4O9.cif --divergence-slit automatic
fit MnO2 "$root"/data/phases/MnO2.cif "$root"/data/measured/MnO2.xy --wavelength CuKa12 --fit-parameters $usual,strain
