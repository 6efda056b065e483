"""A setting is a dataclass field with its range and its words; options, checks and pages follow.

Nothing here imports more than the standard library, so that a help page comes at once.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from rfmae.errors import ArtefactError, RfmaeError, nearest
from rfmae.plain import value

Record = TypeVar("Record")

_KEY = "rfmae"


@dataclass(frozen=True, slots=True)
class Declared:
    """The words and the range of a setting.

    `least` and `most` are part of the range, `above` and `below` are not. `option` is its name on
    the command line where it differs from that of the field, with the one that turns it off after
    a slash; None makes no option. `unset` says what happens without a value.
    """

    about: str
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    below: float = math.inf
    option: str | None = ""
    panel: str | None = None
    unset: str = ""

    @property
    def range(self) -> str:
        """The range in words, such as `from 0 to below 1`; empty where there is none."""
        low, high = max(self.least, self.above), min(self.most, self.below)
        if math.isinf(low):
            return ""
        if math.isinf(high):
            return f"at least {low:g}" if self.least == low else _above(low)
        if self.least == low:
            return f"from {low:g} to {'' if self.most == high else 'below '}{high:g}"
        return f"{_above(low)} and {'at most' if self.most == high else 'below'} {high:g}"

    def holds(self, number: float) -> bool:
        """Whether a number lies in the range."""
        return self.least <= number <= self.most and self.above < number < self.below


def _above(low: float) -> str:
    return f"above {low:g}" if low else "positive"


def setting(
    default: Any = MISSING, about: str = "", *, factory: Any = MISSING, **words: Any
) -> Any:
    """A dataclass field with its words; `words` are the further fields of `Declared`."""
    declared = Declared(about, **words)
    if factory is not MISSING:
        return dataclasses.field(default_factory=factory, metadata={_KEY: declared})
    return dataclasses.field(default=default, metadata={_KEY: declared})


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared field: its name, type, default and words."""

    name: str
    kind: Any
    default: Any  # MISSING where one must be given
    declared: Declared

    @property
    def label(self) -> str:
        """What an error calls it: the words of its option, or its name."""
        if self.declared.option is None:
            return self.name
        option = (self.declared.option or self.name).split("/")[0]
        return option.replace("-", " ").replace("_", " ")

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of one that is a choice."""
        return next(
            (get_args(kind) for kind in _kinds(self.kind) if get_origin(kind) is Literal), ()
        )


@lru_cache
def declared_settings(record: Any) -> tuple[Setting, ...]:
    """The declared fields of a dataclass, in their order."""
    hints = get_type_hints(record)
    return tuple(
        Setting(item.name, hints[item.name], _default(item), item.metadata[_KEY])
        for item in dataclasses.fields(record)
        if _KEY in item.metadata
    )


def _default(item: Any) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def leaf_settings(record: type, prefix: str = "") -> Iterator[tuple[str, Setting]]:
    """Every declared setting with its dotted path, those of records within a record, too."""
    own = {item.name: item for item in declared_settings(record)}
    for name, kind in get_type_hints(record).items():
        if name in own:
            yield prefix + name, own[name]
        elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield from leaf_settings(kind, f"{prefix}{name}.")


def check_settings(record: Any, error: type[RfmaeError]) -> None:
    """Raise `error` for a field whose value is of another type or beyond its declared range."""
    for item in declared_settings(type(record)):  # type: ignore[arg-type]
        check_setting(item, getattr(record, item.name), error)


def check_setting(item: Setting, given: Any, error: type[RfmaeError]) -> None:
    """The same for the value of one."""
    if item.choices and given not in (*item.choices, None):
        raise error(f"{item.label} must be {' or '.join(item.choices)}, got {given!r}")
    try:
        found = value(item.kind, given, item.label)
    except ArtefactError as problem:
        raise error(str(problem)) from problem
    if found != given:
        raise error(f"{item.label} must be a {type(found).__name__}, got {given!r}")
    for number in found if isinstance(found, tuple) else (found,):
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if is_number and not item.declared.holds(number):
            raise error(f"{item.label} must be {item.declared.range}, got {number:g}")


def overridden(
    record: Record, table: Mapping[str, Any], where: str = "", *, also: Iterable[str] = ()
) -> Record:
    """The record with the values of a nested table in place of its own; unknown keys are refused.

    A table within is of a field that is a record itself. `also` are further keys that an error
    may propose. Raises `ArtefactError`, and what the record's own checks raise.
    """
    hints = get_type_hints(type(record))
    changes = {}
    for name, given in table.items():
        place = f"{where}.{name}" if where else name
        if name not in hints:
            raise ArtefactError(f"unknown setting {place!r}; {nearest(name, [*hints, *also])}")
        own = getattr(record, name)
        nested = dataclasses.is_dataclass(own) and isinstance(given, Mapping)
        changes[name] = (
            overridden(own, given, place) if nested else value(hints[name], given, place)
        )
    return dataclasses.replace(record, **changes)  # type: ignore[type-var]


def _kinds(kind: Any) -> Iterator[Any]:
    """A type and, of a union, its members."""
    yield kind
    yield from get_args(kind)
