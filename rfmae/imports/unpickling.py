"""Safe unpickling of arrays, words and numbers in dictionaries and lists.

A pickle is a program for a small stack machine, and Python's own implementation imports and calls
whatever the program names. The one below knows plain values alone; the few numpy names that an
array needs are recognised by their spelling and computed here, never imported, so that nothing of
a file is executed. Large strings stay on disk until their array is read.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from rfmae.errors import DatasetError
from rfmae.imports.pickle_names import Strings, call, give_state, known_name
from rfmae.imports.pickle_values import (
    ArrayDraft,
    ObjectArray,
    PickledArray,
    Refused,
    Spelling,
    Text,
    decoded,
    of_objects,
)

Key = str | int | float | tuple[str | int | float, ...]
"""A key of the dictionary."""

_MOST_VALUES = 20_000_000
_DEEPEST = 8
_LONGEST_BYTES = 2**31  # one string; the arrays of the published sets take megabytes
_NEWEST_PROTOCOL = 5


def read_pickle(path: str | Path) -> Any:
    """The content of a pickle of any protocol, written by python 2 or 3.

    Dictionaries, lists and tuples of `PickledArray`, arrays of words, words and numbers. Refused
    are other objects and every call but those that make an array.
    """
    path = Path(path)
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    with path.open("rb") as file:
        try:
            return _Machine(file, path, path.stat().st_size).run()
        except _MALFORMED as problem:
            raise DatasetError(
                f"{path} must be a pickle of arrays: {_reason(problem)} (byte {file.tell()})"
            ) from problem


def read_pickled_arrays(path: str | Path) -> dict[Key, PickledArray]:
    """The arrays of a pickled dictionary that holds nothing else."""
    content = read_pickle(path)
    what = f"{path} must be a pickled dictionary of arrays"
    if not isinstance(content, dict) or not content:
        raise DatasetError(
            f"{what}, but it holds {'nothing' if content == {} else 'something else'}"
        )
    if not all(isinstance(array, PickledArray) for array in content.values()):
        raise DatasetError(f"{what}, but a value is no array")
    return content


def unpickled(content: bytes, path: Path) -> Any:
    """The words and numbers of a pickle inside the file `path`, with the same refusals."""
    try:
        return _Machine(io.BytesIO(content), path, len(content)).run()
    except _MALFORMED as problem:
        raise ValueError(f"it holds objects: {_reason(problem)}") from problem


_MALFORMED = (Refused, IndexError, KeyError, ValueError, TypeError, OverflowError, struct.error)


def _reason(problem: Exception) -> str:
    return str(problem) if isinstance(problem, Refused) else "it is damaged"


class _Machine:
    """The stack, the marks and the memo of a pickle being read."""

    def __init__(self, file: BinaryIO, path: Path, n_bytes: int) -> None:
        self.file, self.strings = file, Strings(file, path)
        self.n_bytes = n_bytes
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.values_left = _MOST_VALUES

    def run(self) -> Any:
        while (step := self.take(1)) != b".":
            if step not in _STEPS:
                raise Refused(f"the operation {step!r} makes objects")
            _STEPS[step](self)
        return self.finished(self.stack.pop(), 0)

    def finished(self, value: Any, depth: int) -> Any:
        """A value of the stack as plain data; a list may hold itself, so both are bounded."""
        self.values_left -= 1
        if depth > _DEEPEST or self.values_left < 0:
            raise Refused(f"it is nested deeper than {_DEEPEST} or holds too much")
        if isinstance(value, dict):
            return {key: self.finished(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.finished(item, depth + 1) for item in value]
        if isinstance(value, ArrayDraft):
            return self._array(value, depth)
        return self.strings.words(value) if isinstance(value, Text) else value

    def _array(self, draft: ArrayDraft, depth: int) -> Any:
        if isinstance(draft.made, ObjectArray):
            return of_objects(draft.made, self.finished(draft.made.items, depth + 1))
        if draft.made is None:
            raise Refused("an array has no content")
        return draft.made

    def take(self, count: int) -> bytes:
        n_bytes = self.file.read(count)
        if len(n_bytes) < count:
            raise Refused("it ends too early")
        return n_bytes

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        line = self.file.readline(_LONGEST_BYTES)
        if not line.endswith(b"\n"):
            raise Refused("it ends too early")
        return line[:-1]

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def above_mark(self) -> list[Any]:
        first = self.marks.pop()
        items, self.stack[first:] = self.stack[first:], []
        return items

    def key(self, value: Any) -> Key:
        if isinstance(value, tuple):
            return tuple(self._word(item) for item in value)
        return self._word(value)

    def _word(self, value: Any) -> str | int | float:
        if isinstance(value, int | float | str):
            return value
        return self.strings.words(value)


# numbers and strings ------------------------------------------------------------------------


def _decimal(machine: _Machine) -> None:
    line = machine.line()
    flags = {b"00": False, b"01": True}  # how the oldest protocol writes them
    machine.push(flags[line] if line in flags else int(line))


def _long(machine: _Machine) -> None:
    machine.push(int.from_bytes(machine.take(machine.number("<B")), "little", signed=True))


def _packed(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _constant(make: Callable[[], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(make())


def _counted(form: str, spelling: Spelling) -> Callable[[_Machine], None]:
    """A string after its length in bytes; raw bytes are not read."""

    def step(machine: _Machine) -> None:
        n_bytes, offset = machine.number(form), machine.file.tell()
        if not 0 <= n_bytes <= min(_LONGEST_BYTES, machine.n_bytes - offset):
            raise Refused("it ends too early")
        if spelling == "raw":
            machine.file.seek(offset + n_bytes)
            machine.push(Text(offset, n_bytes, n_bytes, spelling))
        else:
            length = len(machine.take(n_bytes).decode(spelling))
            machine.push(Text(offset, n_bytes, length, spelling))

    return step


def _quoted(machine: _Machine) -> None:
    offset, line = machine.file.tell(), machine.line()
    if len(line) < 2 or line[:1] not in b"'\"" or line[:1] != line[-1:]:
        raise Refused("a string has no quotes")
    length = len(decoded(line[1:-1], "quoted"))
    machine.push(Text(offset + 1, len(line) - 2, length, "quoted"))


def _unicode_line(machine: _Machine) -> None:
    offset, line = machine.file.tell(), machine.line()
    length = len(line.decode("raw-unicode-escape"))
    machine.push(Text(offset, len(line), length, "raw-unicode-escape"))


# tuples, lists, dictionaries and the memo ---------------------------------------------------


def _last(count: int) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        if len(machine.stack) < count:
            raise Refused("it is damaged")
        items, machine.stack[-count:] = tuple(machine.stack[-count:]), []
        machine.push(items)

    return step


def _append(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise Refused("it is damaged")
    target.extend(items)


def _append_one(machine: _Machine) -> None:
    item = machine.stack.pop()
    _append(machine, [item])


def _put_items(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict) or len(items) % 2:
        raise Refused("it is damaged")
    keys = [machine.key(item) for item in items[::2]]
    target.update(zip(keys, items[1::2], strict=True))


def _put_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _put_items(machine, [key, value])


def _new_dictionary(machine: _Machine) -> None:
    items = machine.above_mark()
    machine.push({})
    _put_items(machine, items)


def _remember(number: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        machine.memo[number(machine)] = machine.stack[-1]

    return step


def _recall(number: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.memo[number(machine)])


def _protocol(machine: _Machine) -> None:
    if (protocol := machine.number("<B")) > _NEWEST_PROTOCOL:
        raise Refused(f"protocol {protocol} is unknown")


# names and calls ----------------------------------------------------------------------------


def _name(machine: _Machine) -> None:
    module, name = machine.line(), machine.line()
    machine.push(known_name(f"{module.decode('latin-1')}.{name.decode('latin-1')}"))


def _name_on_stack(machine: _Machine) -> None:
    name, module = (machine.strings.characters(machine.stack.pop()) for _ in range(2))
    machine.push(known_name(f"{module}.{name}"))


def _call(machine: _Machine) -> None:
    arguments, name = machine.stack.pop(), machine.stack.pop()
    machine.push(call(machine.strings, name, arguments))


def _give_state(machine: _Machine) -> None:
    state = machine.stack.pop()
    give_state(machine.strings, machine.stack[-1], state)


_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _protocol,
    b"\x95": lambda machine: machine.number("<Q"),  # the length of what follows
    b"I": _decimal,
    b"L": lambda machine: machine.push(int(machine.line().rstrip(b"L"))),
    b"F": lambda machine: machine.push(float(machine.line())),
    b"J": _packed("<i"),
    b"K": _packed("<B"),
    b"M": _packed("<H"),
    b"G": _packed(">d"),
    b"\x8a": _long,
    b"N": _constant(lambda: None),
    b"\x88": _constant(lambda: True),
    b"\x89": _constant(lambda: False),
    b"S": _quoted,
    b"V": _unicode_line,
    b"T": _counted("<i", "raw"),
    b"U": _counted("<B", "raw"),
    b"B": _counted("<I", "raw"),
    b"C": _counted("<B", "raw"),
    b"\x8e": _counted("<Q", "raw"),
    b"\x96": _counted("<Q", "raw"),
    b"X": _counted("<I", "utf-8"),
    b"\x8c": _counted("<B", "utf-8"),
    b"\x8d": _counted("<Q", "utf-8"),
    b"(": _Machine.mark,
    b")": _constant(tuple),
    b"}": _constant(dict),
    b"]": _constant(list),
    b"l": lambda machine: machine.push(machine.above_mark()),
    b"a": _append_one,
    b"e": lambda machine: _append(machine, machine.above_mark()),
    b"t": lambda machine: machine.push(tuple(machine.above_mark())),
    b"\x85": _last(1),
    b"\x86": _last(2),
    b"\x87": _last(3),
    b"d": _new_dictionary,
    b"s": _put_item,
    b"u": lambda machine: _put_items(machine, machine.above_mark()),
    b"p": _remember(lambda machine: int(machine.line())),
    b"q": _remember(lambda machine: int(machine.number("<B"))),
    b"r": _remember(lambda machine: int(machine.number("<I"))),
    b"\x94": _remember(lambda machine: len(machine.memo)),
    b"g": _recall(lambda machine: int(machine.line())),
    b"h": _recall(lambda machine: int(machine.number("<B"))),
    b"j": _recall(lambda machine: int(machine.number("<I"))),
    b"c": _name,
    b"\x93": _name_on_stack,
    b"R": _call,
    b"b": _give_state,
}
"""The supported operations; others make objects or reach outside."""
