"""Training and inference rates of xxact_torch.py, eager or compiled, with what it costs to compile: one JSON object on standard output.

usage: python rates.py --data FOLDER [--preset small|paper] [--set key=value ...] [--batch 128] [--threads 2] [--seconds 5]
                       [--compile] [--bf16] [--device cpu|cuda]

FOLDER is written by prepare.py. A step is that of xxact_torch.fit: batch by index, jitter of fractions, forward, backward, clipping, AdamW.
"""
import argparse, json, resource, time
from dataclasses import replace
import numpy as np, torch
import xxact_torch as peer


def configured(name, settings):
    config = peer.PRESETS[name]
    for setting in settings:
        key, value = setting.split("=")
        old = getattr(config, key)
        config = replace(config, **{key: tuple(value.split(",")) if isinstance(old, tuple) else type(old)(value)})
    return config


def rate(step, seconds, samples, sync):
    """(samples a second in steady state, seconds of the first call)."""
    start = time.time(); step(); sync and sync(); first = time.time() - start
    for _ in range(3): step()
    sync and sync()
    # The host looks at the clock behind a step that is computed; in between, a GPU is not waited for.
    start, steps, together = time.time(), 0, 1 if sync is None else 8
    while steps < 2 or time.time() - start < seconds:
        for _ in range(together): step()
        sync and sync(); steps += together
    return steps * samples / (time.time() - start), first


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True); parser.add_argument("--preset", default="small"); parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--batch", type=int, default=128); parser.add_argument("--threads", type=int, default=2); parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--compile", action="store_true"); parser.add_argument("--bf16", action="store_true"); parser.add_argument("--device", default="cpu")
    a = parser.parse_args()
    torch.set_flush_denormal(True); torch.set_num_threads(a.threads); torch.manual_seed(0)
    config = configured(a.preset, a.set)
    data, split, _, m2v = peer.load(config, a.data, True)
    data = {k: v.to(a.device) for k, v in data.items()}
    rows = torch.from_numpy(np.where(split == 0)[0]).to(a.device)
    net = peer.XxactNN(config, m2v).to(a.device)
    fast = torch.compile(net) if a.compile else net
    a.wd, a.lr = 0.02, 1e-3
    optimizer = peer.make_opt(net, a)
    weights = {"ef": 1.0, "gap": 0.5, "cs": 0.5}
    sync = torch.cuda.synchronize if a.device != "cpu" else None

    def batch():
        chosen = rows[torch.randint(len(rows), (a.batch,), device=a.device)]
        return {k: v[chosen] for k, v in data.items()}

    def train():
        b = batch()
        f = b["frac"] * (1 + 0.02 * torch.randn_like(b["frac"])).clamp_min(0.1)
        b["frac"] = f / f.sum(1, keepdim=True)
        with torch.autocast(a.device, torch.bfloat16, enabled=a.bf16):
            loss = peer.task_loss(config, fast(b["src"], b["frac"], b["p"]), b, 0, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    train_sps, train_first = rate(train, a.seconds, a.batch, sync)
    net.eval()
    fixed = batch()
    with torch.no_grad(), torch.autocast(a.device, torch.bfloat16, enabled=a.bf16):
        infer_sps, infer_first = rate(lambda: fast(fixed["src"], fixed["frac"], fixed["p"]), a.seconds, a.batch, sync)
    steady = a.batch / train_sps + a.batch / infer_sps
    print(json.dumps({"parameters": sum(p.numel() for p in net.parameters() if p.requires_grad), "train_sps": train_sps, "infer_sps": infer_sps,
                      "compile_s": train_first + infer_first - steady if a.compile else 0.0,
                      "peak_bytes": torch.cuda.max_memory_allocated() if a.device != "cpu" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
