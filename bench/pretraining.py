#!/usr/bin/env python3
"""Does learning before learning pay? Models pretrained in each way, then tuned, against models from scratch.

usage: bench/pretraining.py [--pretrain-samples 350000] [--seeds 3] [--ranks 2] [--only STUDY ...] [--output build/pretraining]

Pretraining sees patterns and compositions of the training structures of all datasets of the repository (mp20, perovskites, MPTS-52, a collection of CIF files), without their
labels: masked modelling, contrastive alignment, both; and made-up structures with labels that follow from them (crystal system, space group, lattice), alone and with both objectives. Then formation energies of the
perovskites and crystal systems of mp20 are trained from each and from scratch, with a schedule of 1 and of half the length (xxact experiment pretraining). Further studies: the same with
half of the pretraining structures, also over training rows (xxact scaling); masked modelling of measured-like patterns that are rebuilt clean against that of clean ones, tuned, validated and tested
on measured-like patterns; crystal systems of mp20 from pretrained models whose encoders stay as they are; and how far crystal systems
of mp20's test split lie apart in the vectors of the pretrained models and of an untrained one. Writes OUTPUT/<study>/ with tables and plots; a call that was interrupted is continued by the same one. Needs Python's standard library.
"""
import argparse, json, pathlib, subprocess, sys

from running import ROOT, call, environment, ranks_command, refuse_another, train

DATA = ["mp20.csv.gz", "perovskites.csv.gz", "mpts52.csv.gz", "cif_collection.tar.zst"]
# 64 tokens, the fewest that masked modelling takes; half the width of preset small, so that they cost no more than its 16.
SHAPE = ["--preset", "small", "--width", 32, "--heads", 4, "--patch", 16, "--mode", "bimodal", "--projection", 64]
LABELS = "crystal_system,space_group,lattice_a,lattice_b,lattice_c,lattice_volume"
# name: data, options
PRETRAININGS = {
    "masked": ("all", ["--objectives", "masked"]),
    "contrastive": ("all", ["--objectives", "contrastive", "--global-batch", 512]),
    "both": ("all", ["--objectives", "masked,contrastive", "--global-batch", 512]),
    "labels": ("made-up", ["--objectives", "none", "--tasks", LABELS, "--drop-composition", 0.3]),
    "labels-and-both": ("made-up", ["--objectives", "masked,contrastive", "--tasks", LABELS, "--global-batch", 512]),
    "both-half": ("all", ["--objectives", "masked,contrastive", "--global-batch", 512, "--train-fraction", 0.5]),
    "untrained": ("all", ["--objectives", "masked", "--learning-rate", 0]),
    "noise-robust": ("all", ["--objectives", "masked", "--artefacts", 1, "--artefact-ramp", 0.5]),
}
EMBEDDED = ["untrained", "masked", "contrastive", "both", "labels"]
STARTS = ["masked", "contrastive", "both", "labels", "labels-and-both", "both-half"]
EXPERIMENT = ["experiment", "pretraining"]
# name: kind, data, arms, options; models from scratch come first unless parts are frozen
STUDIES = {
    "perovskites": (EXPERIMENT, "perovskites", STARTS, ["--tasks", "formation_energy_per_atom", "--epochs", 20, "--lengths", "0.5,1"]),
    "mp20": (EXPERIMENT, "mp20", STARTS[:-1], ["--tasks", "crystal_system", "--epochs", 10, "--strain", 0.01, "--lengths", "0.5,1"]),
    "noisy": (EXPERIMENT, "mp20", ["masked", "noise-robust"], ["--tasks", "crystal_system", "--epochs", 12, "--artefacts", 1, "--test-artefacts", 1]),
    "exponents": (["scaling"], "perovskites", ["both", "both-half"], ["--tasks", "formation_energy_per_atom", "--epochs", 16, "--sizes", 4, "--factor", 8]),
    "frozen": (["experiment", "ablation"], "mp20", EMBEDDED, ["--tasks", "crystal_system", "--epochs", 10, "--strain", 0.01, "--freeze", "composition,xrd"]),
}
STEPS = [*STUDIES, "embeddings"]


def dataset(args, name):
    """OUTPUT/<name>.h5"""
    file, log = args.output / f"{name}.h5", args.output / "data.log"
    count = round(1.2 * args.pretrain_samples)
    refuse_another(file, [count] if name == "made-up" else [])
    if file.exists():
        return file
    if name == "made-up":
        parts = []
        for seed, split, rows in ((1, "train", count), (2, "validation", 2000)):
            campaign, part = args.output / f"made-up-{split}.json.zst", args.output / f"made-up-{split}.h5"
            call([args.xxact, "synthesize", "--parents", dataset(args, "all"), "--count", rows, "--seed", seed, "--output", campaign], log)
            call([args.xxact, "ingest", campaign, "--output", part, "--symmetry", "given", "--split-as", split], log)
            campaign.unlink()
            parts.append(part)
        call([args.xxact, "ingest", *parts, "--output", file, "--split-as", "keep"], log)
    else:
        sources = DATA if name == "all" else [f"{name}.csv.gz"]
        call([args.xxact, "ingest", *(ROOT / "data" / source for source in sources), "--output", file, *(["--symmetry", "given"] if name == "mp20" else [])], log)
    return file


def pretrained(args, name):
    """The run folder of a pretraining of so many samples."""
    source, options = PRETRAININGS[name]
    run, data = args.output / f"pretrained-{name}", dataset(args, source)
    said = json.loads(subprocess.run([args.xxact, "inspect", data, "--json"], capture_output=True, check=True, env=environment()).stdout)
    share = float(options[options.index("--train-fraction") + 1]) if "--train-fraction" in options else 1
    epochs = 1e-6 if name == "untrained" else args.pretrain_samples / (said["split"]["train"] * share)
    train(args.xxact, data, run, [*SHAPE, *options, "--epochs", f"{epochs:.6g}"], args.ranks, "pretrain")
    return run


def study(args, name):
    kind, source, starts, options = STUDIES[name]
    arms = [] if "--freeze" in options else ["--arm", "scratch"]
    for start in starts:
        arms += ["--arm", f"{start} init={pretrained(args, start)}"]
    call([*ranks_command(args.ranks), args.xxact, *kind, "--data", dataset(args, source), "--output", args.output / name, "--like", pretrained(args, starts[0]), "--seeds", args.seeds,
          *options, *arms], args.output / f"{name}.log")
    print(open(args.output / f"{name}.log").read().rsplit("wrote ", 1)[0].rsplit("\n[", 1)[-1].split("\n", 1)[-1], flush=True)


def embeddings(args):
    print("| model | " + " | ".join(f"{name}: silhouette, share" for name in ("fused", "composition", "xrd")) + " |\n|---|---|---|---|")
    for name in EMBEDDED:
        output = args.output / "embeddings" / name
        call([args.xxact, "embed", "--model", pretrained(args, name), "--data", dataset(args, "mp20"), "--output", output], args.output / "embeddings.log")
        vectors = json.load(open(output / "embed.json"))["embeddings"]
        cells = [f"{vectors[kind]['silhouette']:.3f}, {vectors[kind]['between']:.3f}" if kind in vectors else "" for kind in ("fused", "composition", "xrd")]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xxact", default=ROOT / "build/release/bin/xxact", type=pathlib.Path)
    parser.add_argument("--output", default=ROOT / "build/pretraining", type=pathlib.Path)
    parser.add_argument("--pretrain-samples", type=int, default=350_000, help="of each pretraining")
    parser.add_argument("--seeds", type=int, default=3, help="of each tuning")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, metavar="STUDY", help=", ".join(STEPS))
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        embeddings(args) if name == "embeddings" else study(args, name)


if __name__ == "__main__":
    sys.exit(main())
