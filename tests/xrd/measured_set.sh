# bench/xrd/measured_set.sh over the measured patterns that are part of the project: its table, and how well they agree.
table="$XXACT_TEST_SCRATCH/table.md"
"$XXACT_SOURCE_DIR/bench/xrd/measured_set.sh" --pictures "$XXACT_TEST_SCRATCH/pictures" >"$table"
cat "$table"
# agrees NAME COSINE R_WP: at least and at most.
agrees() {
  awk -F'|' -v name=" $1 " -v cosine="$2" -v wp="$3" '$2 == name { found = $3 >= cosine && $4 <= wp } END { exit !found }' "$table" || { echo "FAILED: $1" >&2; exit 1; }
  [[ -s $XXACT_TEST_SCRATCH/pictures/$1.json ]] || { echo "FAILED: no values of $1" >&2; exit 1; }
}
agrees BiFeO3 0.948 0.107
agrees BiFeO3-windows 0.957 0.095
agrees BiFeO3-impurities 0.963 0.085
agrees BiFeO3-slit 0.963 0.096
agrees BiFeO3-impurities-slit 0.977 0.072
agrees MnO2 0.985 0.084
[[ $(wc -l <"$table") -eq 8 ]] || { echo "FAILED: rows" >&2; exit 1; }
