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
from rfmae.plain import shown, value

Record = TypeVar("Record")

_KEY = "rfmae"


@dataclass(frozen=True, slots=True)
class Declared:
    """The words and the range of a setting.

    `least` and `most` are part of the range, `above` and `below` are not. `option` is its name on
    the command line where it differs from that of the field, with the one that turns it off after
    a slash; None makes no option. `unset` says what happens without a value. `texts` are those that
    may stand in the place of a number.
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
    texts: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The range in words, such as `from 0 to below 1`; empty where there is none."""
        low, high = max(self.least, self.above), min(self.most, self.below)
        if math.isinf(low):
            return ""
        if math.isinf(high):
            return f"at least {_plain(low)}" if self.least == low else _above(low)
        if low == high:
            return _plain(low)
        if self.least == low:
            return f"from {_plain(low)} to {'' if self.most == high else 'below '}{_plain(high)}"
        return f"{_above(low)} and {'at most' if self.most == high else 'below'} {_plain(high)}"

    def holds(self, number: float) -> bool:
        """Whether a number lies in the range."""
        return self.least <= number <= self.most and self.above < number < self.below


def _above(low: float) -> str:
    return f"above {_plain(low)}" if low else "positive"


def _brief(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else shown(number)


def _plain(number: float) -> str:
    whole = number == round(number) and abs(number) < 1e10
    return f"{number:,.0f}" if whole else f"{number:g}"


def declared(about: str, **words: Any) -> dict[str, Declared]:
    """The metadata of a dataclass field that has no default; `words` are fields of `Declared`."""
    return {_KEY: Declared(about, **words)}


def setting(
    default: Any = MISSING, about: str = "", *, factory: Any = MISSING, **words: Any
) -> Any:
    """A dataclass field with a default and its words."""
    if factory is not MISSING:
        return dataclasses.field(default_factory=factory, metadata=declared(about, **words))
    return dataclasses.field(default=default, metadata=declared(about, **words))


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
        option = (self.declared.option or "").split("/")[0]
        return option.replace("-", " ") or self.name

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
    """The same for the value of one; its default needs no check."""
    if given is item.default:
        return
    if item.declared.texts:
        _check_effect(item, given, error)
        return
    if item.choices and given not in (*item.choices, None):
        raise error(f"{item.label} must be {' or '.join(item.choices)}, got {shown(given)}")
    try:
        found = value(item.kind, given, item.label)
    except ArtefactError as problem:
        raise error(str(problem)) from problem
    if found != given:
        raise error(f"{item.label} must be a {type(found).__name__}, got {shown(given)}")
    for number in found if isinstance(found, tuple) else (found,):
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if is_number and not item.declared.holds(number):
            raise error(f"{item.label} must be {item.declared.range}, got {_brief(number)}")


def _check_effect(item: Setting, given: Any, error: type[RfmaeError]) -> None:
    """Refuse what is neither a text that is known nor a number or a range of numbers."""
    if isinstance(given, str):
        if given not in item.declared.texts:
            known = " or ".join(map(repr, item.declared.texts))
            raise error(
                f"{item.label} must be a number, [lowest, highest] or {known}, got {shown(given)}"
            )
        return
    ends = given if isinstance(given, tuple) else (given, given)
    finite = all(isinstance(end, int | float) and math.isfinite(end) for end in ends)
    if len(ends) != 2 or not finite or ends[0] > ends[1]:
        raise error(f"the range of {item.label} must be [lowest, highest], got {shown(list(ends))}")
    if not all(map(item.declared.holds, ends)):
        found = " to ".join(f"{end:g}" for end in dict.fromkeys(ends))
        raise error(f"{item.label} must be {item.declared.range}, got {found}")


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
            raise ArtefactError(
                f"unknown setting {shown(place)}; {nearest(name, sorted({*hints, *also}))}"
            )
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
