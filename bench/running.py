"""Running xxact in benchmarks, so that an interrupted call of theirs is continued by the same one."""
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


def refuse_another(made, options):
    """Notes beside a file or folder, PATH.options, what it is made with; ends the program where it is there and was made with something else."""
    made_with = made.parent / f"{made.name}.options"
    said = json.dumps([str(word) for word in options]) + "\n"
    if made.exists() and (not made_with.exists() or made_with.read_text() != said):
        raise SystemExit(f"{made} was made with other options than {said.strip()}: remove it, or choose another --output")
    made_with.write_text(said)


def train(xxact, data, run, options, ranks=None, command="train"):
    """Trains, goes on with what an interrupted call left, or leaves a finished run as it is; one that was made with other options is refused.
    Without `ranks` one rank and one thread, so that several share a machine without disturbing each other. The log is RUN.log."""
    refuse_another(run, [command, data, *options])
    if is_finished(run):
        return
    threads = ["--threads", 1, "--loader-threads", 1] if ranks is None else []
    resume = ["--resume"] if (run / "metrics.jsonl").exists() else []
    call([*ranks_command(ranks or 1), xxact, command, "--data", data, "--output", run, *threads, *options, *resume], f"{run}.log")


def ranks_command(ranks):
    """What comes before xxact to run it on so many ranks."""
    return ["mpirun", "-n", ranks] if ranks > 1 else []


def validations(run):
    """(samples, accuracy of crystal systems) of a run's validations."""
    lines = [json.loads(line) for line in open(run / "metrics.jsonl")]
    return [(line["consumed_samples"], line["validation"]["crystal_system.accuracy"]) for line in lines if "validation" in line]
