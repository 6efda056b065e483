"""Artefacts that somebody edited or a disk damaged: one change at a time, drawn by a generator."""

import json
import math
import re
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


# harder damage -------------------------------------------------------------------------------

WORDS = (
    *("0", "-1", "1e400", "nan", "inf", "true", '""', '"odd"', "[]", "{}", "[[]]", "1.5", "-0.0"),
    *("99999999999999999999", "2147483648", "1e-320", '"\\u0000"', "1979-05-27", "'''\n'''"),
    *('"' + "x" * 100_000 + '"', "9" * 5_000, "[" * 3_000 + "]" * 3_000, '["a", 1]', "1_000_000"),
)
"""What may stand for a value of TOML."""

NUMBERS = (0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)


def mutated(path: Path, rng: np.random.Generator) -> str:
    """One to three changes of a file, by its form as often as by its bytes; in words."""
    forms = {
        **dict.fromkeys((".json", ".sigmf-meta"), mutated_json),
        ".jsonl": damaged_lines,
        ".toml": mutated_toml,
        ".h5": mutated_hdf5,
        ".mat": mutated_hdf5,
    }
    said: list[str] = []
    way = forms.get(path.suffix)
    for _ in range(int(rng.integers(1, 4))):
        # HDF5 itself may crash when it writes into a file whose bytes are damaged
        if way is None or rng.random() < 0.3 or (way is mutated_hdf5 and not h5py.is_hdf5(path)):
            way = mutated_bytes
        try:
            said.append(way(path, rng))
        except Exception:  # the file no longer has the form
            said.append(mutated_bytes(path, rng))
    return "; ".join(said)


def mutated_json(path: Path, rng: np.random.Generator) -> str:
    """Another value at a random place, huge, deep and long ones among them."""
    if rng.random() < 0.8:
        return damaged_json(path, rng)
    text = path.read_text(encoding="utf-8")
    places = [match.start() for match in re.finditer(r"(?<=: )[^\s]", text)]
    place = places[int(rng.integers(len(places)))]
    word = WORDS[int(rng.integers(len(WORDS)))]
    end = re.compile(r"[,\n}\]]|$").search(text, place).start()
    path.write_text(text[:place] + word + text[end:], encoding="utf-8")
    return f"character {place} = {word:.20}"


def mutated_toml(path: Path, rng: np.random.Generator) -> str:
    """Another value of a key, a line less, or one twice."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = int(rng.integers(len(lines)))
    line, way = lines[number], rng.random()
    if way < 0.1:
        del lines[number]
        said = f"without {line!r:.60}"
    elif way < 0.2:
        lines.insert(int(rng.integers(len(lines))), line)
        said = f"{line!r:.60} twice"
    else:
        values = [number for number, line in enumerate(lines) if " = " in line]
        number = values[int(rng.integers(len(values)))]
        key, _ = lines[number].split(" = ", 1)
        lines[number] = f"{key} = {WORDS[int(rng.integers(len(WORDS)))]}"
        said = f"{lines[number]:.60}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return said


def mutated_bytes(path: Path, rng: np.random.Generator) -> str:
    """Bits and numbers that are others, blocks that are lost, doubled, swapped, zero or noise."""
    data = bytearray(path.read_bytes())
    if not data:
        path.write_bytes(rng.bytes(16))
        return "noise"
    # the beginning of a file says most of what it is
    reach = len(data) if rng.random() < 0.5 else min(len(data), 512)
    place = int(rng.integers(reach))
    size = min(int(2 ** rng.uniform(0, 10)), len(data) - place)
    way = int(rng.integers(8))
    if way == 0:
        data[place] ^= 1 << int(rng.integers(8))
    elif way == 1:
        width = (1, 2, 4, 8)[int(rng.integers(4))]
        number = NUMBERS[int(rng.integers(len(NUMBERS)))] % 256**width
        order = ("little", "big")[int(rng.integers(2))]
        data[place : place + width] = number.to_bytes(width, order)
    elif way == 2:
        del data[place:]
    elif way == 3:
        del data[place : place + size]
    elif way == 4:
        data[place:place] = data[place : place + size]
    elif way == 5:
        other = int(rng.integers(len(data)))
        block = data[place : place + size]
        data[place : place + size] = data[other : other + size]
        data[other : other + size] = block
    elif way == 6:
        data[place : place + size] = bytes(size)
    else:
        data[place : place + size] = rng.bytes(size)
    path.write_bytes(bytes(data))
    return f"way {way} of bytes at {place}, {size}"


def mutated_hdf5(path: Path, rng: np.random.Generator) -> str:
    """Columns of another structure: types, shapes, storage, links, attributes."""
    if rng.random() < 0.5:
        return damaged_hdf5(path, rng)
    with h5py.File(path, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append((name, isinstance(item, h5py.Dataset))))
        name, is_column = names[int(rng.integers(len(names)))]
        way = int(rng.integers(9))
        if way == 0:
            kinds = (0, "text", [], np.nan, "x" * 10_000, np.zeros(5))
            for key in file.attrs:
                file.attrs[key] = kinds[int(rng.integers(len(kinds)))]
            return "other attributes"
        shape = file[name].shape if is_column else (3,)
        dtype = file[name].dtype if is_column else np.dtype("f4")
        del file[name]
        if way == 1:
            file[name] = h5py.SoftLink(("/nowhere", f"/{name}", "/")[int(rng.integers(3))])
        elif way == 2:
            file[name] = h5py.ExternalLink(("nowhere.h5", path.name)[int(rng.integers(2))], "/")
        elif way == 3:  # rows that take no space in the file
            huge = (10 ** int(rng.integers(6, 13)), *shape[1:])
            file.create_dataset(name, shape=huge, dtype=dtype, chunks=True)
        elif way == 4:
            file.create_dataset(
                name, data=np.array(["odd", "text"], object), dtype=h5py.string_dtype()
            )
        elif way == 5:
            file.create_dataset(name, shape=shape, dtype=h5py.vlen_dtype(np.float32))
        elif way == 6:
            file.create_dataset(name, shape=shape, dtype=np.dtype([("a", "f4"), ("r", "i8")]))
        elif way == 7:
            file.create_dataset(name, data=h5py.Empty("f4"))
        else:
            file.create_dataset(name, shape=shape[::-1] or (2,), dtype=("i8", "f8", "u1", "c16")[
                int(rng.integers(4))])  # fmt: skip
        return f"{name}: way {way} of columns"
