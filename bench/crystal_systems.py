#!/usr/bin/env python3
"""How far do labels that cost nothing carry? Crystal systems of real structures, learnt from the patterns of made-up ones.

usage: bench/crystal_systems.py [--count 1500000] [--epochs 2] [--ranks 2] [--seed 0] [--output build/crystal_systems]

Parents are the training structures of mp20, MPTS-52 and a collection of CIF files; made-up structures keep their symmetry, and none has a
formula that belongs to the validation or the test split (xxact synthesize). A convolutional encoder learns their crystal systems,
beside the real structures of mp20, then mp20 alone (--tune-epochs). Prints a table of accuracy on mp20's test split, whose formulas neither training nor parents hold,
beside models trained on mp20 alone, and writes OUTPUT/crystal_systems.svg: accuracy on held-out formulas against samples, made-up ones nearly all. A call that was interrupted is continued
by the same one. Needs Python's standard library and, for the picture, gnuplot.
"""
import argparse, json, pathlib, shutil, subprocess, sys, time

from running import ROOT, call, refuse_another, train, validations

PARENTS = ["mp20.csv.gz", "mpts52.csv.gz", "cif_collection.tar.zst"]
PATTERN = ["--mode", "xrd", "--tasks", "crystal_system"]
CONVOLUTION = ["--xrd-encoder", "convolution"]
# arm: options of a training on mp20 alone
ALONE = {
    "mp20 alone, both inputs, transformer": ["--mode", "bimodal", "--tasks", "crystal_system", "--epochs", 30, "--strain", 0.01],
    "mp20 alone, pattern, transformer": [*PATTERN, "--epochs", 30, "--strain", 0.01],
    "mp20 alone, pattern, convolution": [*PATTERN, *CONVOLUTION, "--epochs", 30, "--strain", 0.01],
}


def datasets(args):
    mp20, everything = args.output / "mp20.h5", args.output / "made-up.h5"
    log, parents, made_up = args.output / "data.log", args.output / "parents.h5", args.output / "made-up.json.zst"
    if not mp20.exists():
        call([args.xxact, "ingest", ROOT / "data/mp20.csv.gz", "--output", mp20, "--symmetry", "given"], log)
    refuse_another(everything, ["count", args.count])
    if not everything.exists():
        call([args.xxact, "ingest", *(ROOT / "data" / name for name in PARENTS), "--output", parents], log)
        call([args.xxact, "synthesize", "--parents", parents, "--count", args.count, "--seed", 1, "--output", made_up], log)
        call([args.xxact, "ingest", made_up, ROOT / "data/mp20.csv.gz", "--output", everything, "--symmetry", "given"], log)
        made_up.unlink()
    return mp20, everything


def finished(args, name, data, options):
    """The run folder of a training that is done, and its accuracy on mp20's test split."""
    run = args.output / name.replace(", ", "-").replace(" ", "-")
    train(args.xxact, data, run, ["--seed", args.seed, *options], args.ranks)
    call([args.xxact, "evaluate", "--model", run, "--data", args.output / "mp20.h5", "--output", run / "test"], f"{run}.log")
    return run, json.load(open(run / "test" / "metrics.json"))["crystal_system"]["accuracy"]


def draw(args, run):
    if shutil.which("gnuplot") is None:
        print("gnuplot is not installed: no picture", file=sys.stderr)
        return
    points = "\n".join(f"{samples / 1e6} {accuracy}" for samples, accuracy in validations(run))
    script = (f"set terminal svg size 720,440 font 'sans,13'\nset output '{args.output}/crystal_systems.svg'\nset xlabel 'million samples'\n"
              f"set ylabel 'accuracy, held-out formulas'\nset grid\n$a << EOD\n{points}\nEOD\nplot $a using 1:2 with linespoints linewidth 2 notitle\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xxact", default=ROOT / "build/release/bin/xxact", type=pathlib.Path)
    parser.add_argument("--output", default=ROOT / "build/crystal_systems", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1_500_000, help="made-up structures")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--tune-epochs", type=float, default=30, help="on mp20 alone, behind them")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    mp20, everything = datasets(args)
    prepared = time.monotonic()
    made, made_accuracy = finished(args, "made-up", everything, [*PATTERN, *CONVOLUTION, "--epochs", args.epochs, "--global-batch", 256, "--learning-rate", 2e-3,
                                                               "--validate-epochs", args.epochs / 12, "--checkpoint-epochs", args.epochs / 6])
    tuned, tuned_accuracy = finished(args, "made-up, then mp20", mp20, [*PATTERN, "--init", made, "--epochs", args.tune_epochs, "--learning-rate", 3e-4, "--strain", 0.01])
    rows = [("made-up and mp20, pattern, convolution", made, made_accuracy), ("then mp20 alone", tuned, tuned_accuracy)]
    rows += [(arm, *finished(args, arm, mp20, options)) for arm, options in ALONE.items()]
    print("| model | million samples | core minutes | accuracy, mp20 test |\n|---|---|---|---|")
    for arm, run, accuracy in rows:
        summary = json.load(open(run / "summary.json"))
        print(f"| {arm} | {summary['consumed_samples'] / 1e6:.2f} | {summary['core_seconds'] / 60:.0f} | {accuracy:.4f} |")
    print(f"data {prepared - start:.0f} s, all {time.monotonic() - start:.0f} s, of what this call did")
    draw(args, made)


if __name__ == "__main__":
    sys.exit(main())
