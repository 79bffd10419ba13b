"""Reads the program's HDF5 files with h5py and numpy alone, as docs/data-format.md describes them.

usage: read_with_h5py.py hash|dataset|checkpoint-digest|checkpoint|results|pending-results FILE

hash: the content hash recomputed from the arrays.   dataset, checkpoint, results: what the file holds, as text.
"""
import hashlib
import struct
import sys

import h5py
import numpy as np


def text_of(value):
    """Text attributes have a fixed width, which h5py gives as bytes."""
    return value if isinstance(value, str) else bytes(value).decode()


def dataset_paths(f):
    names = ["id", "lattice", "atom_offset", "space_group", "space_group_spglib"]
    names += ["laue_code"] * ("laue_code" in f["structures"])
    yield from ("/structures/" + n for n in names + ["source_file", "record"])
    yield "/atoms/atomic_number"
    yield "/atoms/frac_coords"
    if "occupancy" in f["atoms"]:
        yield "/atoms/occupancy"
    yield from ("/composition/" + n for n in ("offset", "atomic_number", "fraction"))
    yield from ("/labels/" + n for n in sorted(f["labels"], key=str.encode))
    yield "/split"


def content_hash(f):
    h = hashlib.sha256()
    for path in dataset_paths(f):
        h.update(path.encode() + b"\0" + hashlib.sha256(f[path][...].tobytes()).digest())
    return h.hexdigest()


def generators(code):
    """The two rotations of a Laue code."""
    code = int(code)  # numpy's unsigned numbers have no -1
    return (np.array([code // 3**i % 3 for i in range(18)]).reshape(2, 3, 3) - 1) if code else None


def print_dataset(f):
    ids, offset = f["structures/id"][...], f["structures/atom_offset"][...]
    first, z, fraction = (f["composition/" + n][...] for n in ("offset", "atomic_number", "fraction"))
    print(text_of(f.attrs["format"]), f.attrs["version"], f.attrs["rows"], f.attrs["structures"], f.attrs["atoms"])
    for name in sorted(f["labels"]):
        print(name, text_of(f["labels"][name].attrs["units"]), text_of(f["labels"][name].attrs["definition"]))
    for i in range(len(ids)):
        atoms = f["atoms/atomic_number"][offset[i]:offset[i + 1]].tolist()
        occupancy = f["atoms/occupancy"][offset[i]:offset[i + 1]].tolist()
        composition = [(int(a), round(float(b), 4)) for a, b in zip(z[first[i]:first[i + 1]], fraction[first[i]:first[i + 1]])]
        print(ids[i].decode(), "%.3f" % f["structures/lattice"][i, 0, 0], atoms, occupancy, composition,
              "%.3f" % f["labels/band_gap"][i], f["split"][i])
    known = np.flatnonzero(f["structures/laue_code"])
    if len(known):
        print("generators of row", known[0], generators(f["structures/laue_code"][known[0]]).tolist())


def checkpoint_arrays(f):
    names = []
    f.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return sorted(names, key=str.encode)


def checkpoint_digest(f):
    h = hashlib.sha256()
    text = lambda *fields: [h.update(x.encode() + b"\0") for x in fields]
    for name in checkpoint_arrays(f):
        text("array", name, str(f[name].dtype), ",".join(map(str, f[name].shape)))
        h.update(hashlib.sha256(f[name][()].tobytes()).digest())
    names = sorted(set(f.attrs) - {"format", "version", "content_digest"}, key=str.encode)
    kind = lambda v: "text" if isinstance(v, (str, bytes, np.bytes_)) else "integer" if isinstance(v, np.integer) else "real"
    for name in (n for n in names if kind(f.attrs[n]) == "text"):
        text("text", name, text_of(f.attrs[name]))
    for name in (n for n in names if kind(f.attrs[n]) == "integer"):
        text("integer", name, str(f.attrs[name]))
    for name in (n for n in names if kind(f.attrs[n]) == "real"):
        text("real", name)
        h.update(struct.pack("<d", f.attrs[name]))
    return h.hexdigest()


def print_checkpoint(f):
    for name in checkpoint_arrays(f):
        print(name, f[name].dtype, f[name].shape, f[name][()].ravel().tolist())


def print_results(f):
    for i in range(len(f["status"])):
        print(f["id"][i].decode(), f["source"][i].decode(), f["status"][i], f["reasons"][f["reason"][i]].decode() or "-",
              "%.2f" % f["prediction/band_gap/value"][i], "%.2f" % f["prediction/crystal_system/probability"][i, 6])
    print(text_of(f["prediction/band_gap/value"].attrs["units"]), text_of(f.attrs["model_hash"]))


def print_pending_results(f):
    there = np.flatnonzero(f["status"][...] != 255)
    i = there[-1]
    print(len(there), "of", len(f["status"]), "rows, the last is", f["id"][i].decode(), f["formula"][i].decode(), "%.2f" % f["prediction/band_gap/value"][i])


commands = {"hash": lambda f: print(content_hash(f)), "dataset": print_dataset,
            "checkpoint-digest": lambda f: print(checkpoint_digest(f)), "checkpoint": print_checkpoint,
            "results": print_results, "pending-results": print_pending_results}
# Without a lock: a table may be read while it is written.
with h5py.File(sys.argv[2], "r", locking=False) as file:
    commands[sys.argv[1]](file)
