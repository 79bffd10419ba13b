#!/usr/bin/env python3
"""Accuracy of the small preset on the data that the repository carries: every arm, several seeds, test split by formula.

usage: bench/accuracy.py [--xxact build/release/bin/xxact] [--output build/accuracy] [--seeds 0 1 2] [--jobs 2] [--only ARM ...]

Runs one-rank, one-thread trainings, --jobs at a time (one a core), continues what an interrupted call left, and prints a
table: mean and standard deviation over seeds of the test error, and the processor time of the longest training.
Needs nothing but Python's standard library.
"""
import argparse, concurrent.futures, json, pathlib, statistics, sys

from running import ROOT, call, train

ENERGY, SYSTEM = "formation_energy_per_atom", "crystal_system"

# arm: dataset, configuration file, options on top, metric to report
ARMS = {
    "perovskites bimodal": ("perovskites", "perovskites-bimodal", {}, [(ENERGY, "mae")]),
    "perovskites composition": ("perovskites", "perovskites-composition", {}, [(ENERGY, "mae")]),
    "perovskites xrd": ("perovskites", "perovskites-xrd", {}, [(ENERGY, "mae")]),
    "mp20 composition": ("mp20", "mp20-composition", {}, [(ENERGY, "mae")]),
    "mp20 bimodal": ("mp20", "mp20-bimodal", {}, [(ENERGY, "mae"), (SYSTEM, "accuracy")]),
    "mp20 composition, system": ("mp20", "mp20-composition", {"tasks": SYSTEM}, [(SYSTEM, "accuracy")]),
    "mp20 xrd, system": ("mp20", "mp20-xrd", {}, [(SYSTEM, "accuracy")]),
}


def train_and_evaluate(args, arm, seed):
    data, config, extra, _ = ARMS[arm]
    run = args.output / f"{arm.replace(' ', '-').replace(',', '')}-seed{seed}"
    result = run / "test" / "metrics.json"
    options = [f"--{k}={v}" for k, v in {**extra, **dict(o.split("=", 1) for o in args.set)}.items()]
    run.parent.mkdir(parents=True, exist_ok=True)
    dataset = args.output / f"{data}.h5"
    train(args.xxact, dataset, run, ["--config", ROOT / "configs/demo" / f"{config}.ini", "--seed", seed, *options])
    if not result.exists():
        call([args.xxact, "evaluate", "--model", run, "--data", dataset, "--split", "test", "--output", run / "test", "--threads", 1], f"{run}.log")
    return json.load(open(result)), json.load(open(run / "summary.json"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xxact", default=ROOT / "build/release/bin/xxact", type=pathlib.Path)
    parser.add_argument("--output", default=ROOT / "build/accuracy", type=pathlib.Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--set", nargs="+", default=[], metavar="OPTION=VALUE", help="further options of xxact train, for sweeps")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for data in sorted({ARMS[arm][0] for arm in args.only}):
        if not (args.output / f"{data}.h5").exists():
            call([args.xxact, "ingest", ROOT / "data" / f"{data}.csv.gz", "--output", args.output / f"{data}.h5", "--symmetry", "none" if data == "perovskites" else "given"],
                 args.output / "ingest.log")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        futures = {(arm, seed): pool.submit(train_and_evaluate, args, arm, seed) for arm in args.only for seed in args.seeds}
        results = {key: future.result() for key, future in futures.items()}
    print("| arm | metric | mean | std | seeds | processor minutes, longest | samples/s and core |\n|---|---|---|---|---|---|---|")
    for arm in args.only:
        for task, metric in ARMS[arm][3]:
            values = [results[arm, seed][0][task][metric] for seed in args.seeds]
            minutes = max(results[arm, seed][1]["core_seconds"] for seed in args.seeds) / 60
            rate = statistics.mean(results[arm, seed][1]["samples_per_s"] for seed in args.seeds)
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            print(f"| {arm} | {task} {metric} | {statistics.mean(values):.4f} | {spread:.4f} | {len(values)} | {minutes:.1f} | {rate:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
