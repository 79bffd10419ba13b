"""Running xxact in benchmarks: one rank, one thread a command, so that several of them share a machine without disturbing each other."""
import json, os, pathlib, subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def environment():
    return dict(os.environ, OMP_NUM_THREADS="1", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                OMPI_MCA_hwloc_base_binding_policy="none", OMPI_MCA_rmaps_base_oversubscribe="1")


def call(command, log):
    with open(log, "a") as out:
        if subprocess.run([str(c) for c in command], stdout=out, stderr=out, env=environment()).returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))} failed; see {log}")


def is_finished(run):
    """Whether a training is there and has come to its end, not to a checkpoint."""
    return (run / "summary.json").exists() and json.load(open(run / "summary.json"))["finished"]


def train(xxact, data, run, options, log):
    """Trains, or goes on with what an interrupted call left; returns when the run is finished."""
    resume = ["--resume"] if (run / "metrics.jsonl").exists() else []
    call([xxact, "train", "--data", data, "--output", run, "--threads", 1, "--loader-threads", 1, *options, *resume], log)


def ranks_command(ranks):
    """What comes before xxact to run it on so many ranks."""
    return ["mpirun", "-n", ranks] if ranks > 1 else []


def validations(run):
    """(samples, accuracy of crystal systems) of a run's validations."""
    lines = [json.loads(line) for line in open(run / "metrics.jsonl")]
    return [(line["consumed_samples"], line["validation"]["crystal_system.accuracy"]) for line in lines if "validation" in line]
