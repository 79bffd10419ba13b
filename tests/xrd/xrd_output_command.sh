# What xxact xrd draws and writes: labels, several structures, .xy that is read back, patterns over Q, and what is refused.
cd "$XXACT_TEST_SCRATCH"
rm -f -- *.csv *.svg *.png *.cif *.txt *.xy

fail() { echo "FAILED: $*" >&2; exit 1; }
# expect_exit CODE TEXT ARGUMENTS...: the command ends with CODE and says TEXT.
expect_exit() {
  local code=$1 text=$2 status=0; shift 2
  "$XXACT" xrd "$@" >out.txt 2>err.txt || status=$?
  [ "$status" -eq "$code" ] || fail "xrd $* ended with $status, not $code: $(cat err.txt)"
  grep -qF -- "$text" err.txt || fail "xrd $* does not say '$text': $(cat err.txt)"
}
cif() {  # NAME ELEMENT EDGE C_EDGE BETA
  printf '%s\n' "data_$1" "_cell_length_a $3" "_cell_length_b $3" "_cell_length_c $4" \
    "_cell_angle_alpha 90" "_cell_angle_beta $5" "_cell_angle_gamma 90" "_symmetry_space_group_name_H-M 'P 1'" loop_ \
    _atom_site_label _atom_site_type_symbol _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z _atom_site_occupancy \
    "A1 $2 0 0 0 1" "Cl1 Cl 0.5 0.5 0.5 1"
}
cif CsCl Cs 4.209 4.209 90 >CsCl.cif
cif sheared Rb 4.3 5.1 99 >sheared.cif
drawn() { command -v gnuplot >/dev/null; }

# One structure: profile and sticks, indices over the strongest lines, as many as asked for.
"$XXACT" xrd CsCl.cif --plot one.svg --pattern one.xy --lines one.csv
if drawn; then
  for text in pattern lines 110 100 211 "CsCl, 1.54184 Å"; do grep -q ">$text<" one.svg || fail "one.svg has no '$text'"; done
  [ "$(grep -c "rgb(213,  94,   0)" one.svg)" -ge 1 ] || fail "no sticks in one.svg"
  "$XXACT" xrd CsCl.cif --plot none.svg --labels 0
  ! grep -q ">110<" none.svg || fail "--labels 0 labels"
  "$XXACT" xrd CsCl.cif --plot two.svg --labels 2
  grep -q ">110<" two.svg && grep -q ">211<" two.svg && ! grep -q ">200<" two.svg || fail "--labels 2"
  "$XXACT" xrd sheared.cif --plot minus.svg --labels 40
  grep -Eq ">[0-9]*−[0-9]+<" minus.svg || fail "no negative index over a monoclinic pattern"
  "$XXACT" xrd CsCl.cif --plot one.png
  [ "$(head -c 4 one.png | tail -c 3)" = PNG ] || fail "one.png is no picture"
fi

if drawn; then
  long=$(printf 'é%.0s' $(seq 30))
  cp CsCl.cif "$long.cif"
  "$XXACT" xrd "$long.cif" --plot long.svg
  grep -q "é…, 1.54184 Å<" long.svg || fail "a long id is not shortened: $(grep CsCl long.svg)"
fi

# .xy: comments, two columns, read back by --measured with its wavelength.
grep -q '^# CsCl$' one.xy && grep -q '^# CuKa, wavelength 1.54184 angstrom' one.xy && grep -q '^# two_theta_deg intensity$' one.xy || fail "comments of one.xy"
"$XXACT" xrd CsCl.cif --pattern one_pattern.csv
cmp <(grep -v '^#' one.xy) <(tail -n +2 one_pattern.csv | tr , ' ') || fail ".xy and .csv differ"
"$XXACT" xrd CsCl.cif --measured one.xy --plot same.svg >compared.txt 2>err.txt
grep -Eq 'cosine similarity (0.999[0-9]|1.0000), zero error -?0.00' compared.txt || fail "a pattern is not like itself: $(cat compared.txt)"
! grep -q "does not say its wavelength" err.txt || fail "the wavelength of one.xy is not read"
if drawn; then for text in measured simulated lines 'measured - simulated'; do grep -q ">$text<" same.svg || fail "same.svg has no '$text'"; done; fi
# Of a doublet the mean is what its pattern stands at.
"$XXACT" xrd CsCl.cif --wavelength CuKa12 --pattern doublet.xy
grep -q '^# CuKa12, mean wavelength 1.5418' doublet.xy || fail "wavelength of doublet.xy: $(head -3 doublet.xy)"
"$XXACT" xrd CsCl.cif --wavelength CuKa12 --measured doublet.xy >compared.txt
grep -Eq 'cosine similarity (0.999[0-9]|1.0000), zero error -?0.00' compared.txt || fail "a doublet is not like itself: $(cat compared.txt)"

# Several structures: stacked, overlaid, one table each.
"$XXACT" xrd CsCl.cif sheared.cif --plot both.svg --labels 3 --pattern both.csv --lines both_lines.csv
[ "$(head -1 both.csv)" = "two_theta_deg,CsCl,sheared" ] || fail "header of both.csv: $(head -1 both.csv)"
cmp <(cut -d, -f1,2 both.csv | tail -n +2) <(tail -n +2 one_pattern.csv) || fail "the first column of both.csv is not the pattern alone"
[ "$(head -1 both_lines.csv)" = "structure,two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity" ] || fail "header of both_lines.csv"
cmp <(grep '^CsCl,' both_lines.csv | cut -d, -f2-) <(tail -n +2 one.csv) || fail "lines of the first of two"
grep -q '^sheared,' both_lines.csv || fail "lines of the second of two"
"$XXACT" xrd --input CsCl.cif --input sheared.cif >table.txt
grep -q '^structure ' table.txt && grep -q '^sheared ' table.txt || fail "table of two"
"$XXACT" xrd CsCl.cif CsCl.cif --pattern twice.csv
[ "$(head -1 twice.csv)" = "two_theta_deg,CsCl,CsCl #2" ] || fail "equal ids: $(head -1 twice.csv)"
if drawn; then
  for text in CsCl "RbCl (sheared)" 110; do grep -qF ">$text<" both.svg || fail "both.svg has no '$text'"; done
  for colour in "rgb(  0, 114, 178)" "rgb(213,  94,   0)"; do
    [ "$(grep -cF "$colour" both.svg)" -ge 3 ] || fail "both.svg has no curve, ticks and labels in $colour"
  done
  "$XXACT" xrd CsCl.cif sheared.cif --plot overlaid.svg --stack off
  grep -q "> 100<" overlaid.svg && ! grep -q "> 100<" <("$XXACT" xrd CsCl.cif sheared.cif --plot stacked.svg; cat stacked.svg) || fail "numbers of the intensity axis"
fi
several="$XXACT_SOURCE_DIR/data/alexandria_sample.json.bz2"
"$XXACT" xrd "$several" --record 0 --record 1 --lines records.csv
[ "$(cut -d, -f1 records.csv | tail -n +2 | sort -u | wc -l)" -eq 2 ] || fail "two records"
"$XXACT" xrd CsCl.cif "$several" --record 0 --record 1 --lines mixed.csv
[ "$(cut -d, -f1 mixed.csv | tail -n +2 | sort -u | wc -l)" -eq 2 ] || fail "a record for each file"

# Over Q: lines at 2 pi / d, the strongest point at the strongest line, the range as given.
"$XXACT" xrd CsCl.cif --axis q --q-min 1 --q-max 5 --step 0.01 --fwhm 0.05 --pattern q.csv --lines q_lines.csv --plot q.svg
[ "$(head -1 q.csv)" = "q_per_angstrom,intensity" ] || fail "header of q.csv"
awk -F, 'NR == 2 && $1 != 1.005 { bad = 1 } NR > 1 && $2 > most { most = $2; at = $1 } END { exit bad || NR != 401 || most != 100 || at < 2.105 || at > 2.116 }' q.csv || fail "q.csv"
[ "$(head -1 q_lines.csv)" = "q_per_angstrom,two_theta_deg,intensity,d_angstrom,h,k,l,multiplicity" ] || fail "header of q_lines.csv"
awk -F, 'function off(a, b) { return a - b > 1e-6 || b - a > 1e-6 } NR > 1 && (off($1 * $4, 6.283185307) || $1 < 1 || $1 > 5) { bad = 1 } END { exit bad || NR < 5 }' q_lines.csv || fail "q_lines.csv"
if drawn; then grep -q "Q = 4π sin θ/λ" q.svg || fail "axis of q.svg"; fi
"$XXACT" xrd CsCl.cif --axis q --pattern q.xy
grep -q '^# q_per_angstrom intensity$' q.xy || fail "comments of q.xy"
"$XXACT" xrd CsCl.cif sheared.cif --axis q --pattern q_both.csv
# Absolute intensities do not depend on the cell: two cells of caesium chloride along a.
cif double Cs 4.209 4.209 90 | sed -e 's/_cell_length_a 4.209/_cell_length_a 8.418/' -e 's/^A1 Cs 0 /A1 Cs 0.0 /' -e 's/^Cl1 Cl 0.5 /Cl1 Cl 0.25 /' >double.cif
printf '%s\n' "A2 Cs 0.5 0 0 1" "Cl2 Cl 0.75 0.5 0.5 1" >>double.cif
"$XXACT" xrd CsCl.cif --intensity absolute --lines absolute.csv --pattern absolute.xy
"$XXACT" xrd double.cif --intensity absolute --lines absolute_double.csv --pattern absolute_double.xy
grep -q "absolute intensities" absolute.xy || fail "absolute.xy does not say what it holds"
for pair in "absolute.csv absolute_double.csv" "absolute.xy absolute_double.xy"; do
  paste -d, $pair | grep -v '[#a-z]' | tr ' ' , | awk -F, -v half="$(case $pair in *xy) echo 2 ;; *) echo 7 ;; esac)" '
    { n++; d = $2 - $(2 + half); if (d ^ 2 > 1e-10 * $2 ^ 2 + 1e-12) bad = 1; if ($2 > most) most = $2 }
    END { exit bad || n < 13 || most == 100 || most == 0 }' || fail "absolute intensities of $pair differ"
done
expect_exit 64 "does not go with --plot" CsCl.cif --intensity absolute --plot no.svg
expect_exit 64 "give relative or absolute" CsCl.cif --intensity much

for file in q.csv q.xy q_both.csv; do expect_exit 65 "q_per_angstrom" CsCl.cif --measured "$file"; done

# Refused, with what would be right.
expect_exit 64 ".csv or .xy" CsCl.cif --pattern pattern.dat
expect_exit 64 ".xy holds one structure" CsCl.cif sheared.cif --pattern both.xy
expect_exit 64 "one structure" CsCl.cif sheared.cif --measured one.xy
expect_exit 64 "there is no folder 'nowhere'" CsCl.cif --plot nowhere/plot.svg
expect_exit 64 "there is no folder 'nowhere'" CsCl.cif --lines nowhere/lines.csv
mkdir -p folders/plot.svg
expect_exit 64 "is a folder" CsCl.cif --plot folders/plot.svg
expect_exit 64 "same file" CsCl.cif --lines same.csv --pattern same.csv
expect_exit 64 "--labels -1" CsCl.cif --plot plot.svg --labels -1
expect_exit 64 "--labels needs --plot" CsCl.cif --labels 3
expect_exit 64 "on or off" CsCl.cif sheared.cif --plot plot.svg --stack maybe
expect_exit 64 "--stack needs --plot" CsCl.cif sheared.cif --stack off
expect_exit 64 "--zero-error needs --measured" CsCl.cif --zero-error 0.1
expect_exit 64 "2 files and 3 times --record" CsCl.cif sheared.cif --record 0 --record 0 --record 0
expect_exit 64 "at most 8 structures" CsCl.cif CsCl.cif CsCl.cif CsCl.cif CsCl.cif CsCl.cif CsCl.cif CsCl.cif CsCl.cif --plot plot.svg
expect_exit 64 "two-theta or q" CsCl.cif --axis d
expect_exit 64 "--axis q" CsCl.cif --q-max 5
expect_exit 64 "--q-min and --q-max" CsCl.cif --axis q --two-theta-max 60
expect_exit 64 "--q-max 9: the limiting sphere ends at 4 pi / lambda = 8.15024" CsCl.cif --axis q --q-max 9
expect_exit 64 "range from 0 upwards" CsCl.cif --axis q --q-min 3 --q-max 2
expect_exit 64 "25.13" CsCl.cif --axis q --q-max 30 --wavelength 0.2
expect_exit 64 "--shape gaussian is defined in 2-theta" CsCl.cif --axis q --shape gaussian
expect_exit 64 "--measured is compared in 2-theta" CsCl.cif --axis q --measured one.xy
expect_exit 64 "half a step" CsCl.cif --axis q --step 0.1
expect_exit 65 "no-such-record" "$several" --record 0 --record no-such-record
status=0; "$XXACT" xrd CsCl.cif missing.cif >out.txt 2>err.txt || status=$?
[ "$status" -ne 0 ] && grep -q "missing.cif" err.txt || fail "a missing file is not named"
"$XXACT" xrd --help >help.txt
grep -q "xxact xrd anatase.cif rutile.cif" help.txt || fail "--help without an example of several structures"
expect_exit 64 "there is no folder 'nowhere'" CsCl.cif --measured one.xy --fit --fit-result nowhere/fit.json
expect_exit 64 "give a name that ends in .csv" CsCl.cif --measured one.xy --fit --pattern fit.xy
expect_exit 64 "the lower one first" CsCl.cif --measured one.xy --fit --exclude 27-28foo
expect_exit 64 "give degrees" CsCl.cif --measured one.xy --zero-error nan
echo "xrd output: passed"
