"""Records from plain JSON."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

Record = TypeVar("Record")


def deserialised(kind: type[Record], plain: Mapping[str, Any]) -> Record:
    """The record of a kind with the fields of `plain`; unknown keys are ignored.

    A missing field takes its default, so that older reports can be read.
    """
    hints = get_type_hints(kind)
    values = {
        field.name: _value(hints[field.name], plain[field.name])
        for field in fields(kind)  # type: ignore[arg-type]
        if field.name in plain
    }
    return kind(**values)


def strict(plain: Any) -> Any:
    """The same with null for every number that JSON lacks, such as NaN."""
    if isinstance(plain, dict):
        return {name: strict(item) for name, item in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [strict(item) for item in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _value(kind: Any, plain: Any) -> Any:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, UnionType):
        chosen = next(item for item in inner if item is not NoneType)
        return None if plain is None else _value(chosen, plain)
    if plain is None and kind is float:
        return math.nan
    if origin is np.ndarray:
        return _array(plain)
    if origin is tuple:
        return _tuple(inner, plain)
    if origin is dict:
        return {inner[0](name): _value(inner[1], item) for name, item in plain.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return deserialised(kind, plain)
    return plain


def _array(plain: Any) -> Any:
    """Numbers as an array; null becomes NaN."""
    array = np.array(plain)
    return array.astype(float) if array.dtype == object else array


def _tuple(inner: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], item) for item in plain)
    return tuple(_value(kind, item) for kind, item in zip(inner, plain, strict=True))
