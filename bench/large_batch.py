#!/usr/bin/env python3
"""Does a batch of 32,768 learn as well as a small one from the same samples?

usage: bench/large_batch.py [--rows 500000] [--epochs 30] [--batch 32768] [--jobs 2] [--seed 0] [--only ARM ...] [--output build/large_batch]

Crystal systems from patterns of made-up structures (xxact synthesize: their symmetry is true), learnt by a narrow model, width 32, so that two
cores make the epochs of a cluster's run: at 500,000 rows a batch of 32,768 is 15 steps an epoch, as in the published pretraining. Prints a
table of accuracy on held-out formulas, and writes OUTPUT/large_batch.svg: accuracy against samples. One-rank, one-thread trainings, --jobs at a
time; a call that was interrupted is continued by the same one. Needs Python's standard library and, for the picture, gnuplot.
"""
import argparse, concurrent.futures, json, pathlib, shutil, subprocess, sys

from running import ROOT, call, refuse_another, train, validations

MODEL = ["--preset", "small", "--mode", "xrd", "--tasks", "crystal_system", "--width", 32, "--micro-batch", 256, "--validation-fraction", 0.2]
# The learning rate that suits a batch of 256, and its root rule: 3e-3 sqrt(32768 / 256). Averages over 10 steps of 32,768 reach as far back in samples as
# over 1,280 of 256.
LARGE = ["--learning-rate", 3.4e-2, "--average-decay", 0.9]
RAMP = ["--batch-ramp", 0.8, "--batch-start", 256]
# arm: batch (None: --batch), times --epochs, options
ARMS = {
    "small batch": (256, 1, []),
    "large batch": (None, 1, LARGE),
    "large batch, ramp": (None, 1, LARGE + RAMP),
    "large batch, ramp, LAMB": (None, 1, LARGE + RAMP + ["--optimizer", "lamb"]),
    "large batch, ramp, twice the samples": (None, 2, LARGE + RAMP),
}


def dataset(args):
    """Made-up structures, a tenth of whose formulas is held out to validate on, by a split of their own: their parents' held-out formulas never come in."""
    made, made_up, parents = args.output / "made-up.h5", args.output / "made-up.json.zst", args.output / "mp20.h5"
    refuse_another(made, ["rows", args.rows])
    if not made.exists():
        log = args.output / "data.log"
        call([args.xxact, "ingest", ROOT / "data/mp20.csv.gz", "--output", parents, "--symmetry", "given"], log)
        call([args.xxact, "synthesize", "--parents", parents, "--count", args.rows * 5 // 4, "--seed", 1, "--output", made_up], log)
        call([args.xxact, "ingest", made_up, "--output", made, "--split-seed", 7, "--symmetry", "given"], log)
        made_up.unlink()
    return made


def run_arm(args, data, arm):
    batch, times, options = ARMS[arm]
    epochs = times * args.epochs
    run = args.output / f"{arm.replace(', ', '-').replace(' ', '-')}-{epochs:g}-epochs-seed-{args.seed}"
    train(args.xxact, data, run, [*MODEL, "--epochs", epochs, "--global-batch", batch or args.batch, "--seed", args.seed, *options])
    return run


def draw(args, runs):
    if shutil.which("gnuplot") is None:
        print("gnuplot is not installed: no picture", file=sys.stderr)
        return
    blocks = "".join(f"${name} << EOD\n" + "\n".join(f"{s / 1e6} {a}" for s, a in validations(run)) + "\nEOD\n" for name, run in zip("abcdefgh", runs.values()))
    lines = ", ".join(f"${name} using 1:2 with linespoints linewidth 2 title '{arm}'" for name, arm in zip("abcdefgh", runs))
    script = f"set terminal svg size 720,440 font 'sans,13'\nset output '{args.output}/large_batch.svg'\nset xlabel 'million samples'\nset ylabel 'accuracy, held-out formulas'\nset key bottom right\nset grid\n{blocks}plot {lines}\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xxact", default=ROOT / "build/release/bin/xxact", type=pathlib.Path)
    parser.add_argument("--output", default=ROOT / "build/large_batch", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=500_000, help="to train on, nearly")
    parser.add_argument("--epochs", type=float, default=30)
    parser.add_argument("--batch", type=int, default=32768)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help=", ".join(ARMS))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    data = dataset(args)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        longest_first = sorted(args.only, key=lambda arm: -ARMS[arm][1])
        runs = dict(zip(longest_first, pool.map(lambda arm: run_arm(args, data, arm), longest_first)))
    print("| arm | batch | million samples | steps | accuracy | best so far | core minutes |\n|---|---|---|---|---|---|---|")
    runs = {arm: runs[arm] for arm in args.only}
    for arm, run in runs.items():
        summary, seen = json.load(open(run / "summary.json")), validations(run)
        print(f"| {arm} | {ARMS[arm][0] or args.batch} | {summary['consumed_samples'] / 1e6:.1f} | {summary['steps']} | {seen[-1][1]:.4f} | {max(a for _, a in seen):.4f} | {summary['core_seconds'] / 60:.0f} |")
    draw(args, runs)


if __name__ == "__main__":
    sys.exit(main())
