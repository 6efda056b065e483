"""Artefacts that somebody edited or a disk damaged: one change at a time, drawn by a generator."""

import json
import math
from pathlib import Path

import h5py
import numpy as np

ODD = (
    None,
    True,
    -1,
    0,
    3.5,
    10**30,
    math.nan,
    math.inf,
    "",
    "odd",
    [],
    [[]],
    ["odd"],
    {},
    {"odd": 1},
)
"""What may stand where something else should."""


def damaged(path: Path, rng: np.random.Generator) -> str:
    """Change one thing in a file, by what the file is; what was changed, in words."""
    kinds = {
        ".json": damaged_json,
        ".jsonl": damaged_lines,
        ".h5": damaged_hdf5,
        ".toml": damaged_text,
    }
    return f"{path.name}: {kinds.get(path.suffix, damaged_bytes)(path, rng)}"


def damaged_json(path: Path, rng: np.random.Generator) -> str:
    """Another value, or none, at a random place of a JSON file; now and then half a file."""
    text = path.read_text(encoding="utf-8")
    if rng.random() < 0.1:
        path.write_text(text[: int(rng.integers(len(text)))], encoding="utf-8")
        return "cut"
    content = json.loads(text)
    said = _changed(content, rng)
    path.write_text(json.dumps(content), encoding="utf-8")
    return said


def _changed(content, rng):
    """Change one item of nested containers in place."""
    place, where = content, []
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return "nothing"
        key = keys[int(rng.integers(len(keys)))]
        where.append(str(key))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            place = inner
            continue
        if rng.random() < 0.15:
            del place[key]
            return f"{'.'.join(where)} removed"
        place[key] = ODD[int(rng.integers(len(ODD)))]
        return f"{'.'.join(where)} = {place[key]!r}"


def damaged_lines(path: Path, rng: np.random.Generator) -> str:
    """A line of JSON that is cut, doubled, empty, or says something else."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = int(rng.integers(len(lines)))
    content = json.loads(lines[number])
    said = f"line {number}: {_changed(content, rng)}"
    whole = lines[number]
    ways = (json.dumps(content), whole[: len(whole) // 2], "", "[]", "null", whole + whole)
    way = 0 if rng.random() < 0.6 else int(rng.integers(1, len(ways)))
    lines[number] = ways[way]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return said if way == 0 else f"line {number}: {ways[way][:20]!r}"


def damaged_hdf5(path: Path, rng: np.random.Generator) -> str:
    """A column that is a group, is missing, is short, of another type, or holds odd values."""
    with h5py.File(path, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append((name, isinstance(item, h5py.Dataset))))
        name, is_column = names[int(rng.integers(len(names)))]
        way = int(rng.integers(6 if is_column else 2))
        held = file[name][()] if is_column else None
        if way == 5:
            values = held.copy()
            values.flat[0] = 300 if values.dtype.kind in "iu" else np.nan
            file[name][...] = values
            return f"{name}: odd value"
        del file[name]
        if way == 0:
            return f"{name} removed"
        if way == 1:
            file.create_group(name) if is_column else file.create_dataset(name, data=1.0)
            return f"{name}: group and column changed places"
        other = {2: held[:-1], 3: held.astype("S4"), 4: held[..., None]}[way]
        file.create_dataset(name, data=other)
        return f"{name}: {other.dtype} {other.shape}"


def damaged_text(path: Path, rng: np.random.Generator) -> str:
    """A line of text less."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lost = lines.pop(int(rng.integers(len(lines))))
    path.write_text("\n".join(lines), encoding="utf-8")
    return f"without {lost!r}"


def damaged_bytes(path: Path, rng: np.random.Generator) -> str:
    """Half a file, another byte, or none at all."""
    data = bytearray(path.read_bytes())
    way = int(rng.integers(3))
    if way == 0 or not data:
        path.write_bytes(bytes(data[: len(data) // 2]))
        return "cut"
    if way == 1:
        place = int(rng.integers(min(len(data), 4000)))
        data[place] ^= 0xFF
        path.write_bytes(bytes(data))
        return f"byte {place} flipped"
    path.write_bytes(b"")
    return "emptied"
