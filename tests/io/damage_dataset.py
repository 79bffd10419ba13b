"""Changes bits of a dataset file where h5py says that an array's bytes lie.

usage: damage_dataset.py FILE PATH=BYTE...    flips the lowest bit of this byte of each array
       damage_dataset.py FILE --repack MODE   rewrites the arrays: contiguous, rows (chunks of 777 rows), many (of 12), columns
                                              (chunks that divide rows) or deflate; attributes and checksums are kept
       damage_dataset.py FILE --checksums     prints the number of blocks and how many agree with the xxhash package
"""
import os
import sys

import h5py
import numpy as np


def order(f):
    names = ["id", "lattice", "atom_offset", "space_group", "space_group_spglib"]
    names += ["laue_code"] * ("laue_code" in f["structures"])
    yield from ("/structures/" + n for n in names + ["source_file", "record"])
    yield from ("/atoms/" + n for n in ("atomic_number", "frac_coords", "occupancy") if n in f["atoms"])
    yield from ("/composition/" + n for n in ("offset", "atomic_number", "fraction"))
    yield from ("/labels/" + n for n in sorted(f["labels"], key=str.encode))
    yield "/split"


def place_of(array, byte):
    """The byte of the file at which this byte of the array lies."""
    if array.chunks is None:
        return array.id.get_offset() + byte
    row_bytes = array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=int))
    assert array.chunks[1:] == array.shape[1:]
    for i in range(array.id.get_num_chunks()):
        info = array.id.get_chunk_info(i)
        first = info.chunk_offset[0] * row_bytes
        if first <= byte < first + array.chunks[0] * row_bytes:
            return info.byte_offset + byte - first
    raise SystemExit("no chunk holds byte %d" % byte)


def flip(path, wishes):
    with h5py.File(path) as f:
        places = [place_of(f[name], int(byte)) for name, byte in (w.split("=") for w in wishes)]
    with open(path, "r+b") as raw:
        for place in places:
            raw.seek(place)
            value = raw.read(1)[0]
            raw.seek(place)
            raw.write(bytes([value ^ 1]))


def repack(path, mode):
    with h5py.File(path) as old, h5py.File(path + ".new", "w") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value
        for name in [*order(old), "/sources", "/checksums/blocks"]:
            data = old[name]
            options = {}
            if mode == "rows":
                options = {"chunks": (min(777, data.shape[0]), *data.shape[1:])}
            elif mode == "many":
                options = {"chunks": (min(12, data.shape[0]), *data.shape[1:])}
            elif mode == "columns":
                options = {"chunks": (min(777, data.shape[0]), *(1 for _ in data.shape[1:]))}
            elif mode == "deflate":
                options = {"chunks": (min(50000, data.shape[0]), *data.shape[1:]), "compression": 1, "shuffle": True}
            made = new.create_dataset(name, data=data[...], dtype=data.dtype, **options)
            for key, value in data.attrs.items():
                made.attrs[key] = value
    os.replace(path + ".new", path)


def checksums(path):
    import xxhash
    with h5py.File(path) as f:
        stored = f["checksums/blocks"]
        size, found = int(stored.attrs["block_bytes"]), []
        for name in order(f):
            data = f[name][...].tobytes()
            found += [xxhash.xxh3_64_intdigest(data[i:i + size]) for i in range(0, len(data), size)]
        agree = sum(int(a) == b for a, b in zip(stored[...], found)) if len(found) == len(stored) else -1
        print(stored.attrs["algorithm"].decode(), len(stored), agree)


if sys.argv[2] == "--repack":
    repack(sys.argv[1], sys.argv[3])
elif sys.argv[2] == "--checksums":
    checksums(sys.argv[1])
else:
    flip(sys.argv[1], sys.argv[2:])
