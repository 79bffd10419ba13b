"""Prints number of points, first and last angle, sum and largest intensity of each file in data/measured, read without any of this
project's code: what tests/io/measured_files_test.cpp expects. Standard library only."""
import json
import pathlib
import re
import struct
import zipfile

folder = pathlib.Path(__file__).parents[2] / "data/measured"


def columns(path):
    rows = [re.split(r"[,\s]+", line.strip()) for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]
    x, y = [], []
    for row in rows:  # one file is three scans that overlap; the earlier one counts
        if not x or float(row[0]) > x[-1]:
            x.append(float(row[0])), y.append(float(row[1]))
    return x, y


def raw(path):
    data = path.read_bytes()
    header, points = struct.unpack_from("<II", data, 712)
    start, step = struct.unpack_from("<d", data, 712 + 16)[0], struct.unpack_from("<d", data, 712 + 176)[0]
    extra = struct.unpack_from("<I", data, 712 + 256)[0]
    return [start + i * step for i in range(points)], list(struct.unpack_from(f"<{points}f", data, 712 + header + extra))


def uxd(path):
    text = path.read_text().split("_2THETACOUNTS", 1)[1]
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return [float(r[0]) for r in rows], [float(r[1]) for r in rows]


def ras(path):
    text = path.read_text(encoding="latin-1").split("*RAS_INT_START", 1)[1].split("*RAS_INT_END")[0]
    rows = [[float(v) for v in line.split()] for line in text.splitlines() if line.strip()]
    return [r[0] for r in rows], [r[1] * r[2] for r in rows]


def xrdml(path):
    text = path.read_text()
    y = [float(v) for v in re.search(r"<intensities[^>]*>(.*?)</intensities>", text, re.S)[1].split()]
    axis = re.search(r'<positions axis="2Theta".*?</positions>', text, re.S)[0]
    first, last = (float(re.search(rf"<{name}>(.*?)<", axis)[1]) for name in ("startPosition", "endPosition"))
    return [first + i * (last - first) / (len(y) - 1) for i in range(len(y))], y


def brml(path):
    text = zipfile.ZipFile(path).read("Experiment0/RawData0.xml").decode("utf-8-sig")
    rows = [[float(v) for v in datum.split(",")] for datum in re.findall(r"<Datum>(.*?)</Datum>", text)]
    return [r[2] for r in rows], [r[4] for r in rows]


readers = {".xy": columns, ".xye": columns, ".raw": raw, ".uxd": uxd, ".ras": ras, ".xrdml": xrdml, ".brml": brml}
for path in sorted(folder.iterdir()):
    if path.suffix in readers:
        x, y = readers[path.suffix](path)
        print(json.dumps({"file": path.name, "points": len(x), "first": x[0], "last": x[-1], "sum": sum(y), "largest": max(y), "at": x[y.index(max(y))]}))
