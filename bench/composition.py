#!/usr/bin/env python3
"""A composition-only model on CrabNet's own benchmark CritExam__Ef (formation energies of the Materials Project, the benchmark's own split).

usage: bench/composition.py [--seeds 1] [--ranks 2] [--output build/composition] [-- options of xxact train]

Trains on its training part and prints the mean absolute error on its validation part, of each seed and, of several, of their ensemble. A call that was interrupted is continued by
the same one. Published on the benchmark's test part: CrabNet 0.0593, Roost 0.0547 eV/atom. Needs Python's standard library.
"""
import argparse, json, pathlib, sys

from running import ROOT, call, train

MODEL = ["--mode", "composition", "--tasks", "formation_energy_per_atom", "--width", 192, "--composition-layers", 3, "--epochs", 40, "--global-batch", 512, "--learning-rate", 2e-3]


def dataset(args):
    """OUTPUT/critexam.h5 with the published split"""
    file, log = args.output / "critexam.h5", args.output / "data.log"
    if not file.exists():
        parts = {"train": args.output / "train.h5", "validation": args.output / "val.h5"}
        for split, part in parts.items():
            call([args.xxact, "ingest", ROOT / "data/critexam" / f"{part.stem}.csv.gz", "--output", part, "--split-as", split], log)
        call([args.xxact, "ingest", *parts.values(), "--output", file, "--split-as", "keep"], log)
        for part in parts.values():
            part.unlink()
    return file


def error(args, models, output):
    call([args.xxact, "evaluate", "--model", *models, "--data", dataset(args), "--split", "validation", "--output", output], f"{output}.log")
    return json.load(open(output / "metrics.json"))["formation_energy_per_atom"]["mae"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xxact", default=ROOT / "build/release/bin/xxact", type=pathlib.Path)
    parser.add_argument("--output", default=ROOT / "build/composition", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("options", nargs="*")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    data, runs = dataset(args), []
    print("| model | core minutes | MAE, validation, eV/atom |\n|---|---|---|")
    for seed in range(args.seeds):
        run = args.output / f"seed{seed}"
        train(args.xxact, data, run, ["--seed", seed, *MODEL, *args.options], args.ranks)
        minutes = json.load(open(run / "summary.json"))["core_seconds"] / 60
        print(f"| seed {seed} | {minutes:.0f} | {error(args, [run], run / 'validation'):.4f} |", flush=True)
        runs.append(run)
    if len(runs) > 1:
        print(f"| ensemble of {len(runs)} | | {error(args, runs, args.output / 'ensemble'):.4f} |")


if __name__ == "__main__":
    sys.exit(main())
