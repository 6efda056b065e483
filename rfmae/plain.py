"""Plain JSON to records and checked values; an error names the place, the rule and the value.

Cards, reports and logs are files that people edit and disks damage. What a reader relies on is
stated once, as a dataclass, a `TypedDict` or a type, and everything else is refused in one line.
"""

import json
import math
import operator
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from rfmae.errors import ArtefactError, nearest

Record = TypeVar("Record")

Measured = Annotated[float, "NaN is null"]
"""A number that may not be defined: NaN, which JSON holds as null."""

_WORDS: dict[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    tuple: "a list",
    list: "a list",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 80  # characters of a value in an error


def shown(plain: Any) -> str:
    """A value in an error, cut where it is long."""
    if isinstance(plain, str):
        plain = plain[: 2 * _LONGEST]
    text = (
        repr(plain) if not isinstance(plain, int) or abs(plain) < 10**_LONGEST else "a huge number"
    )
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def harmless(text: str) -> str:
    """A text without control characters, which names in a file could send to a terminal.

    Tabulators and ends of lines stay.
    """
    return _CONTROL.sub("\ufffd", text)


def parse(text: str) -> Any:
    """JSON without NaN and infinities; raises `ValueError` where it is none, or too deep."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number of JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("its values lie in one another by the thousand") from error


def record(kind: type[Record], plain: Any, where: str) -> Record:
    """The dataclass `kind` of what `plain` holds; unknown, missing and mistyped keys are refused.

    `where` names the place in the error. Raises `ArtefactError`, and whatever `kind` itself checks.
    """
    given = _mapping(plain, where)
    hints = get_type_hints(kind, include_extras=True)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            problem = _about_key("has an unknown", "unknown", where, str(name))
            raise ArtefactError(f"{problem}; {nearest(str(name), known)}")
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise ArtefactError(_about_key("lacks the", "missing", where, name))
    return kind(**{name: value(hints[name], given[name], dotted(where, name)) for name in given})


def _about_key(said_of_words: str, said_of_path: str, where: str, key: str) -> str:
    """A problem with a key, in a place that is named in words or by a path of keys."""
    if " " in where:
        return f"{where} {said_of_words} key {shown(key)}"
    return f"{said_of_path} key {shown(dotted(where, key))}"


def dotted(where: str, key: str) -> str:
    """The path of a key, quoted where a bare one would be no key of TOML."""
    key = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
    return f"{where}.{key}" if where else key


def value(kind: Any, plain: Any, where: str) -> Any:
    """`plain` as a value of the type `kind`: JSON's own types, lists, tuples, records, literals.

    Of a `TypedDict` keys that it does not name are left as they are. Raises `ArtefactError`.
    """
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if kind is Any:
        return plain
    if kind == Measured:
        return math.nan if plain is None else value(float, plain, where)
    if getattr(origin, "__name__", "") == "ndarray":
        dtype = get_args(inner[1])[0]
        return _array(get_origin(dtype) or dtype, plain, where)
    if origin is NotRequired:
        return value(inner[0], plain, where)
    if origin in (Union, UnionType):
        return _either(inner, plain, where)
    if origin is Literal:
        if plain not in inner or isinstance(plain, bool) != isinstance(inner[0], bool):
            raise ArtefactError(
                f"{where} must be {' or '.join(map(repr, inner))}, got {shown(plain)}"
            )
        return plain
    if kind is NoneType:
        return _nothing(plain, where)
    if origin in (tuple, list):
        return _row(origin, inner, plain, where)
    if origin in (dict, Mapping):
        items = _mapping(plain, where).items()
        return {
            value(inner[0], name, where): value(inner[1], item, dotted(where, str(name)))
            for name, item in items
        }
    if is_typeddict(kind):
        return _typed(kind, plain, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return plain if isinstance(plain, kind) else record(kind, plain, where)
    return _scalar(kind, plain, where)


def _array(kind: Any, plain: Any, where: str) -> Any:
    """Lists of numbers as an array of a kind such as `np.floating`; null is NaN."""
    import numpy as np  # here, so that help pages need no numpy

    if not isinstance(plain, list | tuple):
        raise ArtefactError(f"{where} must be a list, got {shown(plain)}")
    wanted = {"floating": float, "integer": np.int64, "bool": bool}[kind.__name__]
    try:
        array = np.array(plain)
        array = array.astype(float) if array.dtype == object else array
    except (TypeError, ValueError, OverflowError) as error:
        raise ArtefactError(f"{where} must be lists of numbers, all of one length") from error
    if array.size and array.dtype.kind not in {float: "fiu", np.int64: "iu", bool: "b"}[wanted]:
        raise ArtefactError(f"{where} must be lists of numbers of the kind {wanted.__name__}")
    return array.astype(wanted)


def _typed(kind: Any, plain: Any, where: str) -> dict[str, Any]:
    given = _mapping(plain, where)
    hints = get_type_hints(kind, include_extras=True)
    lacking = sorted(kind.__required_keys__ - given.keys())
    if lacking:
        raise ArtefactError(f"{where} lacks {lacking[0]!r}")
    return {
        name: value(hints[name], item, dotted(where, name)) if name in hints else item
        for name, item in given.items()
    }


def _either(kinds: Sequence[Any], plain: Any, where: str) -> Any:
    errors = []
    for kind in kinds:
        try:
            return value(kind, plain, where)
        except ArtefactError as error:
            errors.append(error)
    words = [_WORDS.get(get_origin(kind) or kind) for kind in kinds if kind is not NoneType]
    if None in words:
        raise errors[0]
    expected = " or ".join(filter(None, dict.fromkeys(words)))
    raise ArtefactError(f"{where} must be {expected}, got {shown(plain)}")


def _nothing(plain: Any, where: str) -> None:
    if plain is not None:
        raise ArtefactError(f"{where} must be null, got {shown(plain)}")


def _row(origin: type, inner: tuple[Any, ...], plain: Any, where: str) -> Any:
    if not isinstance(plain, list | tuple):
        raise ArtefactError(f"{where} must be a list, got {shown(plain)}")
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        if len(plain) != len(inner):
            raise ArtefactError(f"{where} must have {len(inner)} items, got {len(plain)}")
        kinds: Sequence[Any] = inner
    else:
        kinds = [inner[0] if inner else Any] * len(plain)
    return origin(
        value(item_kind, item, f"{where}[{number}]")
        for number, (item_kind, item) in enumerate(zip(kinds, plain, strict=True))
    )


def _mapping(plain: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(plain, Mapping):
        raise ArtefactError(f"{where} must be a table of named values, got {shown(plain)}")
    return plain


def _scalar(kind: Any, plain: Any, where: str) -> Any:
    if kind is int and hasattr(plain, "__index__") and not isinstance(plain, bool):
        plain = operator.index(plain)  # a number of numpy
    right = isinstance(plain, kind) and (kind is bool or not isinstance(plain, bool))
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        right = True
    if right and kind is float:
        right = abs(plain) <= sys.float_info.max
        plain = float(plain) if right else plain
    if not right:
        raise ArtefactError(
            f"{where} must be {_WORDS.get(kind, kind.__name__)}, got {shown(plain)}"
        )
    return plain
