# xxact xrd on files: caesium chloride as pymatgen sees it, the outputs' formats, and what is refused with which exit code.
cd "$XXACT_TEST_SCRATCH"
rm -f -- *.csv *.svg *.cif *.txt *.xy

fail() { echo "FAILED: $*" >&2; exit 1; }
# expect_exit CODE TEXT ARGUMENTS...: the command ends with CODE and says TEXT.
expect_exit() {
  local code=$1 text=$2 status=0; shift 2
  "$XXACT" xrd "$@" >out.txt 2>err.txt || status=$?
  [ "$status" -eq "$code" ] || fail "xrd $* ended with $status, not $code: $(cat err.txt)"
  grep -qF -- "$text" err.txt || fail "xrd $* does not say '$text': $(cat err.txt)"
}

cif() {  # NAME ELEMENT
  printf '%s\n' "data_$1" "_cell_length_a 4.209" "_cell_length_b 4.209" "_cell_length_c 4.209" \
    "_cell_angle_alpha 90" "_cell_angle_beta 90" "_cell_angle_gamma 90" "_symmetry_space_group_name_H-M 'P 1'" loop_ \
    _atom_site_label _atom_site_type_symbol _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z _atom_site_occupancy \
    "A1 $2 0 0 0 1" "Cl1 Cl 0.5 0.5 0.5 1"
}
cif CsCl Cs >cscl.cif
cif EsCl Es >escl.cif

# Lines: pymatgen's own expected numbers.
"$XXACT" xrd --input cscl.cif --form-factors pymatgen --dispersion off --lines lines.csv --pattern pattern.csv --plot plot.svg 2>err.txt
[ "$(head -1 lines.csv)" = "two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity" ] || fail "header of lines.csv"
awk -F, 'function off(a, b, t) { return a - b > t || b - a > t }
  NR == 2 && (off($1, 21.107738329639844, 1e-6) || off($2, 36.483184003748946, 1e-5) || off($3, 4.209, 1e-6) || $4 $5 $6 != "100" || $7 != 6) { bad = 1 }
  NR == 3 && (off($1, 30.024695921112777, 1e-6) || off($2, 100, 1e-5) || $4 $5 $6 != "110" || $7 != 12) { bad = 1 }
  END { exit bad || NR != 14 }' lines.csv || fail "lines.csv is not caesium chloride: $(cat lines.csv)"

# Pattern: 0.02 degrees apart, strongest 100 at the strongest line.
[ "$(head -1 pattern.csv)" = "two_theta_deg,intensity" ] || fail "header of pattern.csv"
awk -F, 'NR == 2 && $1 != 5.01 { bad = 1 } NR > 1 && $2 > most { most = $2; at = $1 }
  END { exit bad || NR != 4251 || most != 100 || at < 30.01 || at > 30.04 }' pattern.csv || fail "pattern.csv"
if command -v gnuplot >/dev/null; then grep -q "<svg" plot.svg || fail "plot.svg is not a picture"; fi

# A table on standard output when nothing else is asked for; the defaults differ from pymatgen's numbers.
"$XXACT" xrd cscl.cif >table.txt 2>err.txt
grep -q two_theta_deg table.txt || fail "no table"
[ "$(wc -l <table.txt)" -ge 14 ] || fail "table without lines"
# |F|: intensities are multiplicity |F|^2 (1 + cos^2 2-theta) / (sin^2 theta cos theta), and the strongest is 100.
awk 'NR == 1 { if ($8 != "|F|") bad = 1; next }
  { t = $1 * atan2(0, -1) / 360; own[NR] = $7 * $8 ^ 2 * (1 + cos(2 * t) ^ 2) / (sin(t) ^ 2 * cos(t)); given[NR] = $2; if (own[NR] > most) most = own[NR] }
  END { for (i in own) if ((own[i] / most * 100 - given[i]) ^ 2 > 1e-6) bad = 1; exit bad || NR != 14 }' table.txt || fail "|F| in the table: $(cat table.txt)"
"$XXACT" xrd cscl.cif --lines default.csv 2>err.txt
! cmp -s default.csv lines.csv || fail "form factors and dispersion change nothing"
"$XXACT" xrd cscl.cif --wavelength MoKa --two-theta-min 9 --two-theta-max 10 --lines mo.csv 2>err.txt
[ "$(wc -l <mo.csv)" -eq 2 ] || fail "one line of CsCl lies between 9 and 10 degrees under MoKa: $(cat mo.csv)"
"$XXACT" xrd cscl.cif --points 100 --fwhm 1 --pattern coarse.csv 2>err.txt
[ "$(wc -l <coarse.csv)" -eq 101 ] || fail "--points"

# Any number of ranks gives the same file.
$MPIRUN "$XXACT" xrd cscl.cif --form-factors pymatgen --dispersion off --lines ranks.csv 2>err.txt
cmp -s ranks.csv lines.csv || fail "lines depend on the number of ranks"

# Several records: choose one.
several="$XXACT_SOURCE_DIR/data/alexandria_sample.json.bz2"
expect_exit 64 "--record" "$several"
id=$(sed -n 's/.*(ids: \([^,)]*\).*/\1/p' err.txt)
[ -n "$id" ] || fail "no ids in: $(cat err.txt)"
"$XXACT" xrd "$several" --record "$id" --lines record.csv 2>err.txt
"$XXACT" xrd "$several" --record 0 --lines number.csv 2>err.txt
cmp -s record.csv number.csv || fail "the first record by id and by number differ"
expect_exit 65 "no-such-record" "$several" --record no-such-record

# Ions and displacements of the file: caesium chloride of Cs1+ and Cl1-, whose U of 0.5 / (8 pi^2) is a B of 0.5.
sed -e 's/A1 Cs/A1 Cs+/; s/Cl1 Cl 0.5/Cl1 Cl1- 0.5/; s/^_atom_site_occupancy/&\n_atom_site_U_iso_or_equiv/; s/ 1$/ 1 0.006332573977646111/' cscl.cif >ions.cif
wk=(--form-factors waasmaier-kirfel)
"$XXACT" xrd ions.cif "${wk[@]}" --lines atoms.csv
"$XXACT" xrd ions.cif "${wk[@]}" --ions on --lines ions.csv
if cmp -s atoms.csv ions.csv; then fail "ions scatter as atoms"; fi
"$XXACT" xrd cscl.cif "${wk[@]}" --lines neutral.csv
cmp atoms.csv neutral.csv || fail "charges and displacements count where they were not asked for"
"$XXACT" xrd ions.cif --adp on --lines moving.csv 2>err.txt
if grep -q "do not move" err.txt; then fail "atoms that move are said not to: $(cat err.txt)"; fi
"$XXACT" xrd ions.cif --b-iso 0.5 --lines given.csv
cmp moving.csv given.csv || fail "a U of 0.5 / (8 pi^2) is not a B of 0.5"
"$XXACT" xrd cscl.cif --adp on --lines still.csv 2>err.txt
grep -q "2 of 2 atoms have no displacement parameters" err.txt || fail "atoms without displacement are not counted: $(cat err.txt)"
cmp still.csv default.csv || fail "atoms without displacement move"
expect_exit 64 "waasmaier-kirfel" ions.cif --ions on
expect_exit 64 "waasmaier-kirfel" ions.cif --ions on --form-factors neutron
expect_exit 64 "--adp on does not go with --b-iso" ions.cif --adp on --b-iso 0.5
expect_exit 64 "on or off" ions.cif --adp yes
expect_exit 65 "cscl.cif, record cscl: atom 1 (Cs at 0, 0, 0): no charge is given; the table waasmaier-kirfel has Cs, Cs1+" cscl.cif "${wk[@]}" --ions on
sed -i 's/Cs+/Cs3+/' ions.cif
expect_exit 65 "the charge +3 is not in the table waasmaier-kirfel, which has Cs, Cs1+" ions.cif "${wk[@]}" --ions on
sed -i 's/0.006332573977646111/-0.01/' ions.cif
expect_exit 65 "ions.cif, record ions: atom 2 (Cl at 0.5, 0.5, 0.5): the displacements" ions.cif --adp on
sed -i 's/-0.01/0.0x/' ions.cif
expect_exit 65 "_atom_site_U_iso_or_equiv of A1 is no number" ions.cif --adp on

# Refused.
expect_exit 64 "CuKa1" cscl.cif --wavelength CuK
expect_exit 64 "waasmaier-kirfel" cscl.cif --form-factors waasmaier
expect_exit 64 "on or off" cscl.cif --dispersion yes
expect_exit 64 "--points" cscl.cif --step 0.1 --points 10
expect_exit 64 "half a step" cscl.cif --step 1
expect_exit 64 ".svg" cscl.cif --plot plot.pdf
expect_exit 64 "range" cscl.cif --two-theta-min 50 --two-theta-max 40
expect_exit 65 "form factor" escl.cif
status=0; "$XXACT" xrd missing.cif >out.txt 2>err.txt || status=$?
[ "$status" -ne 0 ] && grep -q "missing.cif" err.txt || fail "a missing file is not named"
# Peak shapes, artefacts and a comparison with a measured pattern, for which a simulated one stands here, shifted by 0.1 degrees.
shape=(--shape tch --caglioti 0,0,0.02 --two-theta-min 10 --two-theta-max 80)
"$XXACT" xrd --input cscl.cif "${shape[@]}" --pattern clean.csv
"$XXACT" xrd --input cscl.cif "${shape[@]}" --artefacts 1 --seed 5 --pattern drawn.csv --plot drawn.svg
"$XXACT" xrd --input cscl.cif "${shape[@]}" --artefacts 1 --seed 5 --pattern again.csv
"$XXACT" xrd --input cscl.cif "${shape[@]}" --artefacts 1 --seed 5 --sample 1 --pattern other.csv
cmp drawn.csv again.csv
if cmp -s drawn.csv clean.csv || cmp -s drawn.csv other.csv; then echo "artefacts change nothing"; exit 1; fi
awk -F, 'NR > 1 {printf "%.4f %.4f\n", $1 + 0.1, $2 * 1000 + 50}' clean.csv > shifted.xy
"$XXACT" xrd --input cscl.cif "${shape[@]}" --measured shifted.xy --plot compared.svg | tee compared.txt
grep -Eq 'cosine similarity (0.99[0-9]+|1.0000), zero error 0.1[01]? degrees' compared.txt
grep -q 'measured - simulated' compared.svg
head -c 40 shifted.xy > cut.xy
code=0
"$XXACT" xrd --input cscl.cif --measured cut.xy 2> err.txt || code=$?
[[ $code == 65 ]] && grep -q 'cut.xy' err.txt || { echo "exit code $code"; cat err.txt; exit 1; }
code=0
"$XXACT" xrd --input cscl.cif --microstrain 0.001 2> err.txt || code=$?
[[ $code == 64 ]] && grep -q -- '--microstrain does not go with --shape model' err.txt || { echo "exit code $code"; cat err.txt; exit 1; }
echo "xrd command: passed"

# A fit: CsCl moved by 0.12 degrees on a sloping background, under the same radiation and width.
"$XXACT" xrd cscl.cif --wavelength CuKa12 --two-theta-min 15 --shape tch --caglioti 0,0,0.008 --b-iso 0.7 --pattern clean.csv 2>err.txt
awk -F, 'NR > 1 { printf "%.4f %.3f\n", $1 + 0.12, 50 * $2 + 120 - $1 / 2 }' clean.csv >shifted.xy
"$XXACT" xrd cscl.cif --measured shifted.xy --wavelength CuKa12 --fit --fit-parameters zero,width,y,b-iso --background-terms 3 --pattern fit.csv --plot fit.svg --fit-result fit.json >fit.txt 2>err.txt ||
  fail "fit: $(cat err.txt)"
[ "$(head -1 fit.csv)" = "two_theta_deg,measured,calculated,background,used" ] || fail "header of fit.csv"
grep -q "converged" fit.txt || fail "the fit does not say that it converged: $(cat fit.txt)"
# fitted NAME LOW HIGH: the value in the table.
fitted() {
  awk -v name="$1" -v low="$2" -v high="$3" 'index($0, name) == 1 { split(substr($0, 35), words); if (words[1] > low && words[1] < high) found = 1 } END { exit !found }' fit.txt ||
    fail "$1 is not between $2 and $3: $(cat fit.txt)"
}
fitted "zero error" 0.1195 0.1205
fitted W 0.0078 0.0082
fitted "added B_iso" 0.69 0.71
awk '/^cosine/ { exit !($3 > 0.9999) }' fit.txt || fail "cosine of a pattern with itself: $(cat fit.txt)"
awk -F, 'NR > 1 { background = 120 - ($1 - 0.12) / 2; if ($4 - background > 1 || background - $4 > 1 || $5 != 1) bad = 1 } END { exit bad || NR < 3000 }' fit.csv || fail "background of fit.csv"
grep -q '"converged": true' fit.json || fail "fit.json: $(cat fit.json)"
if command -v gnuplot >/dev/null; then grep -q "<svg" fit.svg || fail "fit.svg is not a picture"; fi
"$XXACT" xrd cscl.cif --measured shifted.xy --wavelength CuKa12 --fit --exclude 20-23 --exclude 40-50.5 --pattern part.csv >fit.txt 2>err.txt || fail "--exclude: $(cat err.txt)"
awk -F, 'NR > 1 && ($1 > 20 && $1 < 23 || $1 > 40 && $1 < 50.5) != ($5 == 0) { bad = 1 } END { exit bad }' part.csv || fail "points that --exclude left out"
$MPIRUN "$XXACT" xrd cscl.cif --measured shifted.xy --wavelength CuKa12 --fit --fit-parameters zero,width,y,b-iso --background-terms 3 --pattern ranks.csv >fit.txt 2>err.txt
cmp -s ranks.csv fit.csv || fail "a fit depends on the number of ranks"
expect_exit 64 "--fit needs --measured" cscl.cif --fit
expect_exit 64 "--exclude needs --fit" cscl.cif --measured shifted.xy --exclude 20-30
expect_exit 64 "lower one first" cscl.cif --measured shifted.xy --fit --exclude 30-20
expect_exit 64 "'size' is none of zero" cscl.cif --measured shifted.xy --fit --fit-parameters zero,size
expect_exit 64 "--fit needs --shape tch" cscl.cif --measured shifted.xy --fit --shape gaussian
expect_exit 64 "--lines does not go with --fit" cscl.cif --measured shifted.xy --fit --lines lines.csv
expect_exit 64 "give Miller indices" cscl.cif --measured shifted.xy --fit --texture-axis 1,1
expect_exit 64 "give fixed or automatic" cscl.cif --measured shifted.xy --fit --divergence-slit open
expect_exit 64 "a background of 99 terms" cscl.cif --measured shifted.xy --fit --background-terms 99
expect_exit 65 "no line between" cscl.cif --measured shifted.xy --fit --two-theta-min 16 --two-theta-max 17.5 --wavelength CuKa1
sed -n 300,324p shifted.xy >short.xy
expect_exit 65 "25 measured points for" cscl.cif --measured short.xy --fit --wavelength CuKa12
awk 'NR <= 500 { print $1, 7 }' shifted.xy >constant.xy
expect_exit 65 "every point of the measured pattern has the intensity 7" cscl.cif --measured constant.xy --fit
