"""Rates of bench_xrd, pymatgen and xrd-rust over the same structures, in turns. Called by bench/xrd_compare.

Structures are in memory before the clock starts; Cu K-alpha, 5 to 90 degrees, pymatgen's form factors and merging of
lines. Rates are by processor time; each ratio is the median over the rounds of the ratio within one round.
"""
import argparse
import csv
import gzip
import importlib.metadata
import json
import pathlib
import statistics
import subprocess
import time
import warnings

warnings.filterwarnings("ignore")

from pymatgen.analysis.diffraction.xrd import XRDCalculator  # noqa: E402
from pymatgen.core import Structure  # noqa: E402
from xrd_rust_calculator import XRDCalculatorRust  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_structures(stride):
    with gzip.open(ROOT / "data/mp20.csv.gz", "rt") as file:
        return [Structure.from_str(row["cif"], fmt="cif") for row in list(csv.DictReader(file))[::stride]]


def rate_of(calculator, structures):
    """Line lists a second of processor time, and lines a list."""
    began = time.process_time()
    lines = sum(len(calculator.get_pattern(structure, two_theta_range=(5, 90)).x) for structure in structures)
    return len(structures) / (time.process_time() - began), lines / len(structures)


def bench(program, stride, pattern, seconds):
    """Google Benchmark's results by name."""
    output = subprocess.run([program, f"--stride={stride}", f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}", "--benchmark_format=json"],
                            check=True, capture_output=True, text=True).stdout
    return {result["name"]: result for result in json.loads(output)["benchmarks"]}


def per_core(result):
    """Items a second of processor time; Google Benchmark's own rate is by wall clock where that was asked for."""
    return 1e9 / result["cpu_time"]


def draw_cost(cells, output):
    """Time a pattern against atoms and against reflections."""
    data = "\n".join(f"{name.split(':')[1]} {result['cpu_time'] / 1e3}" for name, result in cells.items())
    script = output / "cost.gp"
    script.write_text(f"""set terminal svg size 640,420 font 'sans,12' background 'white'
set output '{output / "cost.svg"}'
set logscale xy
set key top left
set xlabel 'atoms in the cell'
set ylabel 'time of one pattern (microseconds)'
set x2label 'reflections within 5 to 90 degrees, -g counted with g'
set x2range [4*46:1024*46]
set logscale x2
set xrange [4:1024]
set x2tics
set xtics nomirror
$cost << EOD
{data}
EOD
plot $cost using 1:2 with linespoints pt 7 title 'measured', $cost using 1:($1**2 * 4e-3) with lines dt 2 title 'atoms times reflections'
""")
    subprocess.run(["gnuplot", script], check=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bench", required=True)
    options.add_argument("--output", type=pathlib.Path, required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--stride", type=int, default=60, help="every N-th row of mp20.csv.gz")
    options = options.parse_args()
    structures = read_structures(options.stride)
    versions = {name: importlib.metadata.version(name) for name in ("pymatgen-core", "xrd-rust", "numpy")}
    print(f"{len(structures)} structures, {sum(map(len, structures)) / len(structures):.1f} atoms a cell; " + ", ".join(f"{k} {v}" for k, v in versions.items()), flush=True)
    others = {"pymatgen": XRDCalculator("CuKa"), "xrd-rust": XRDCalculatorRust("CuKa")}
    rates = {name: [] for name in ("xxact lines", "xxact lines, symmetry known", "xxact patterns", "xxact patterns, symmetry known", *others)}
    speed_up = {"line lists": [], "batches of patterns": []}
    for turn in range(options.rounds):
        ours = bench(options.bench, options.stride, "lines_as_pymatgen|lines_with_symmetry|patterns/points:4250|patterns_with_symmetry/points:4250|batch", 1)
        threads = [ours[f"lines_as_pymatgen/real_time/threads:{n}"] for n in (1, 2)]
        rates["xxact lines"].append(per_core(threads[0]))
        rates["xxact lines, symmetry known"].append(per_core(ours["lines_with_symmetry"]))
        for label, prefix in (("xxact patterns", "patterns/"), ("xxact patterns, symmetry known", "patterns_with_symmetry/")):
            rates[label].append(per_core(next(r for name, r in ours.items() if name.startswith(prefix))))
        speed_up["line lists"].append(threads[1]["items_per_second"] / threads[0]["items_per_second"])
        batches = [ours[f"batch/threads:{n}/real_time"]["items_per_second"] for n in (1, 2)]
        speed_up["batches of patterns"].append(batches[1] / batches[0])
        for name, calculator in others.items():
            rate, lines = rate_of(calculator, structures)
            rates[name].append(rate)
            if turn == 0:
                print(f"{name}: {lines:.1f} lines a list", flush=True)
        print(f"round {turn + 1}: " + ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in rates.items()), flush=True)
    median = {name: statistics.median(values) for name, values in rates.items()}
    ratio = {name: statistics.median(a / b for a, b in zip(rates["xxact lines"], rates[name])) for name in others}
    detail = bench(options.bench, options.stride, "structure_factors|arithmetic_peak|cells", 0.5)
    peak = detail.pop("arithmetic_peak")["flop/s"]
    cells = {name: result for name, result in detail.items() if name.startswith("cells")}
    draw_cost(cells, options.output)
    print(f"\nline lists: {median['xxact lines']:,.0f} a second and core; {ratio['pymatgen']:,.0f} times pymatgen, {ratio['xrd-rust']:,.0f} times xrd-rust")
    print(f"line lists, symmetry known: {median['xxact lines, symmetry known']:,.0f} a second and core; " +
          ", ".join(f"{statistics.median(a / b for a, b in zip(rates['xxact lines, symmetry known'], rates[name])):,.0f} times {name}" for name in others))
    print(f"patterns of 4,250 points: {median['xxact patterns']:,.0f} a second and core; {median['xxact patterns, symmetry known']:,.0f} with symmetry known")
    print("two threads, times one by wall clock: " + ", ".join(f"{name} {statistics.median(values):.2f} (best round {max(values):.2f})" for name, values in speed_up.items()))
    print(f"arithmetic peak of one core (measured, single precision): {peak / 1e9:.0f} Gflop/s")
    for name, result in detail.items():
        if name.startswith("structure_factors"):
            print(f"  structure factors, {name.split(':')[1]:>4} atoms: {result['flop/s'] / 1e9:6.1f} Gflop/s, {result['flop/s'] / peak:.0%} of it")
    print(f"cost against atoms: {options.output / 'cost.svg'}")
    (options.output / "results.json").write_text(json.dumps({"versions": versions, "structures": len(structures), "rates": rates, "ratio": ratio, "peak": peak,
                                                             "two_threads": speed_up, "structure_factors": {k: v["flop/s"] for k, v in detail.items() if "flop/s" in v}}, indent=1) + "\n")


if __name__ == "__main__":
    main()
