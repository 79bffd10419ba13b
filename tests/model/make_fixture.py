"""Writes data/reference.bin and data/reference.json: weights, inputs, outputs and gradients of tiny models, computed by
PyTorch itself (bench/peer/xxact_torch.py, and for the published CrabNet torch.nn.TransformerEncoder).

usage: python tests/model/make_fixture.py        (needs torch 2.11.0 and numpy)

reference.bin is float32, little-endian; reference.json lists for each case the model configuration and for each tensor
its name, shape and first element. Names of weights are those of the C++ model.
"""
import json, pathlib, sys
import numpy as np, torch, torch.nn as nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "bench" / "peer"))
import xxact_torch as peer

ELEMENTS, COLUMNS, POINTS, PATCH = 119, 12, 64, 16


class CrabNet(nn.Module):
    """The published form: post-norm, ReLU, squared exponents of the position scalers, three outputs."""

    def __init__(self, d, heads, layers, ff, hidden, table):
        super().__init__()
        c = peer.Cfg(d=d)
        self.comp = peer.CompEncoder(c, table)
        layer = nn.TransformerEncoderLayer(d, heads, ff * d, 0.0, "relu", batch_first=True, norm_first=False)
        self.comp.enc = nn.TransformerEncoder(layer, layers, None, enable_nested_tensor=False)
        self.comp_head = peer.ResidualMLP(d, hidden, 3)

    def forward(self, src, frac, p):
        e, pad = self.comp, src == 0
        s = e.scale
        log = torch.clamp(0.0025 * torch.log2(frac) ** 2, max=1)
        row = lambda x: torch.round(torch.clamp(x, min=1 / 5000) * 5000).long() - 1
        code = torch.cat([e.pe[row(frac)] * 2 ** ((1 - s[1]) ** 2), e.pe[row(log)] * 2 ** ((1 - s[2]) ** 2)], -1)
        x = e.enc(e.proj(e.elem(src)) * 2 ** s[0] + code, src_key_padding_mask=pad)
        y = self.comp_head(x).masked_fill(pad.unsqueeze(-1), 0)
        y = y.sum(1) / (~pad).sum(1, keepdim=True)
        return torch.stack([y[:, 0] * torch.sigmoid(y[:, 2]), y[:, 1]], 1)


def our_names(name, value, width):
    """A peer's parameter (or its gradient) under the C++ model's names: pairs of name and tensor."""
    part, rest = name.split(".", 1) if "." in name else (name, "")
    part = {"comp": "composition", "xrd": "xrd", "fuse": "fusion", "head": "head", "comp_head": "composition_head.residual"}[part]
    if rest in ("scale", "cls"): return [(f"{part}.{rest}", value)]
    if rest == "pos": return [(f"{part}.position", value)]
    words, kind = rest.split(".")[:-1], rest.split(".")[-1]
    if words == ["proj"]: return [(f"{part}.projection_{kind}", value)]
    if words == ["tok"]: return [(f"{part}.patch_projection_{kind}", value)]
    if words in (["enc", "norm"], ["norm"]): return [(f"{part}.final_norm_{kind}", value)]
    if words[0] in ("fc", "res"): return [(f"{part}.layer{words[1]}{'_shortcut' if words[0] == 'res' else ''}_{kind}", value)]
    if words == ["out"]: return [(f"{part}.output_{kind}", value)]
    words = words[1:] if words[0] == "enc" else words
    layer, inner, decoder = f"{part}.layer{words[1]}", words[2:], part == "fusion"
    if inner[0].startswith("linear"): return [(f"{layer}.feed_forward_{'hidden' if inner[0] == 'linear1' else 'output'}_{kind}", value)]
    if inner[0].startswith("norm"):
        which = {"norm1": "self", "norm2": "cross", "norm3": "feed_forward"} if decoder else {"norm1": "attention", "norm2": "feed_forward"}
        return [(f"{layer}.norm_{which[inner[0]]}_{kind}", value)]
    block = {"self_attn": "self_attention" if decoder else "attention", "multihead_attn": "cross_attention"}[inner[0]]
    if len(inner) == 2: return [(f"{layer}.{block}_output_{kind}", value)]
    kind = kind.removeprefix("in_proj_")
    if block != "cross_attention": return [(f"{layer}.{block}_query_key_value_{kind}", value)]
    return [(f"{layer}.cross_attention_query_{kind}", value[:width]), (f"{part}.key_value_{kind}#{words[1]}", value[width:])]


def renamed(pairs, width):
    """Peer's named tensors under our names; the keys and values of all decoder layers stacked."""
    out, stacked = {}, {}
    for name, value in pairs:
        for ours, tensor in our_names(name, value, width):
            if "#" in ours: stacked.setdefault(ours.split("#")[0], []).append(tensor)
            else: out[ours] = tensor
    return {**out, **{k: torch.cat(v) for k, v in stacked.items()}}


def inputs(batch, slots):
    count = torch.tensor([1 + i % slots for i in range(batch)])
    real = torch.arange(slots) < count.unsqueeze(1)
    frac = torch.rand(batch, slots) * real
    frac = (frac / frac.sum(1, keepdim=True)).sort(1, descending=True).values
    return torch.randint(1, ELEMENTS, (batch, slots)) * real, frac, torch.rand(batch, POINTS) ** 4


def write_case(sink, index, name, ini, net, width):
    torch.manual_seed(7)
    with torch.no_grad():                      # norms and biases too: at their initial 1 and 0 they would hide mistakes
        for p in net.parameters():
            if p.requires_grad: p.add_(0.1 * torch.randn_like(p))
    src, frac, pattern = inputs(6, 5)
    y = net(src, frac, pattern)
    probe = torch.randn_like(y)
    (y * probe).sum().backward()
    used = [(n, p) for n, p in net.named_parameters() if p.requires_grad and p.grad is not None]
    tensors = {"element": src, "fraction": frac, "pattern": pattern, "output": y, "probe": probe, "table": net.comp.elem.weight if hasattr(net, "comp") else torch.zeros(ELEMENTS, COLUMNS)}
    tensors |= {"weight/" + k: v for k, v in renamed(used, width).items()}
    tensors |= {"gradient/" + k: v for k, v in renamed([(n, p.grad) for n, p in used], width).items()}
    entries = []
    for key, value in tensors.items():
        data = value.detach().to(torch.float32).contiguous().numpy().astype("<f4")
        entries.append({"name": key, "shape": list(data.shape), "first": sink.tell() // 4})
        sink.write(data.tobytes())
    index.append({"name": name, "config": ini, "tensors": entries})


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    table = torch.cat([torch.zeros(1, COLUMNS), torch.randn(ELEMENTS - 1, COLUMNS)])
    base = dict(d=8, heads=2, ff=2, comp_layers=2, xrd_layers=2, fuse_layers=2, points=POINTS, patch=PATCH, hidden=(10, 8))
    ini = "width=8\nheads=2\nfeed-forward=2\npoints=64\npatch=16\nhead-widths=10,8\n"
    energy, all_tasks = "tasks=formation_energy_per_atom\n", "tasks=formation_energy_per_atom,band_gap,crystal_system\n"
    index = []
    with open(HERE / "data" / "reference.bin", "wb") as sink:
        def case(name, extra, **settings):
            c = peer.Cfg(**{**base, **settings})
            write_case(sink, index, name, ini + extra, peer.XxactNN(c, table), c.d)
        case("composition", energy + "mode=composition\n", mode="comp")
        case("xrd", energy + "mode=xrd\n", mode="xrd")
        case("bimodal", energy + "mode=bimodal\n")
        case("bimodal_skip", all_tasks + "mode=bimodal\ncomposition-skip=on\n", comp_skip=1, tasks=("ef", "gap", "cs"))
        # Post-norm everywhere, no final norms.
        peer.enc_layer = lambda c: nn.TransformerEncoderLayer(c.d, c.heads, c.ff * c.d, 0.0, "relu", batch_first=True, norm_first=False)
        peer.dec_layer = lambda c: nn.TransformerDecoderLayer(c.d, c.heads, c.ff * c.d, 0.0, "relu", batch_first=True, norm_first=False)
        net = peer.XxactNN(peer.Cfg(**base), table)
        net.comp.enc.norm = net.xrd.enc.norm = net.fuse.norm = None
        write_case(sink, index, "bimodal_post", ini + energy + "mode=bimodal\nnorm=post\nactivation=relu\n", net, 8)
        crabnet = "mode=composition\nnorm=post\nactivation=relu\nscaler=crabnet\n"
        write_case(sink, index, "crabnet", ini + energy + crabnet, CrabNet(8, 2, 2, 2, (10, 8), table), 8)
    (HERE / "data" / "reference.json").write_text(json.dumps(index, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
