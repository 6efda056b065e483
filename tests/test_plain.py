"""Plain JSON against types: what fits comes back as meant, all else is refused by its place."""

from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from rfmae.errors import ArtefactError
from rfmae.plain import parse, record, value


@dataclass(frozen=True)
class Point:
    x: float
    name: str = ""


@dataclass(frozen=True)
class Path:
    points: tuple[Point, ...]
    kind: Literal["open", "closed"] = "open"
    notes: dict[str, int] = field(default_factory=dict)


class Card(TypedDict):
    rows: int
    best: tuple[float, str] | None
    more: NotRequired[list[bool]]


FITS = [
    (int, 3, 3),
    (float, 3, 3.0),
    (str, "a", "a"),
    (bool, False, False),
    (Any, {"a": [None]}, {"a": [None]}),
    (int | None, None, None),
    (list[int], [1, 2], [1, 2]),
    (tuple[float, ...], [1, 2.5], (1.0, 2.5)),
    (tuple[float, str], [1, "a"], (1.0, "a")),
    (dict[str, float], {"a": 1}, {"a": 1.0}),
    (Literal["a", "b"], "b", "b"),
    (Card, {"rows": 2, "best": None, "other": []}, {"rows": 2, "best": None, "other": []}),
    (Card, {"rows": 2, "best": [1, "x"]}, {"rows": 2, "best": (1.0, "x")}),
    (Path, {"points": [{"x": 1}]}, Path((Point(1.0),))),
]


@pytest.mark.parametrize(("kind", "plain", "meant"), FITS, ids=str)
def test_what_fits_comes_back_as_it_is_meant(kind, plain, meant):
    assert value(kind, plain, "it") == meant
    assert type(value(kind, plain, "it")) is type(meant)


REFUSED = [
    (int, True, "it must be a whole number, got True"),
    (int, 1.5, "it must be a whole number, got 1.5"),
    (float, "1", "it must be a finite number, got '1'"),
    (float, 10**400, "it must be a finite number"),
    (float, True, "it must be a finite number, got True"),
    (str, None, "it must be a text, got None"),
    (bool, 1, "it must be true or false, got 1"),
    (list[int], {"a": 1}, "it must be a list"),
    (list[int], [1, "2"], r"it\[1\] must be a whole number, got '2'"),
    (tuple[float, str], [1], "it must have 2 items, got 1"),
    (dict[str, int], [], "it must be a table of named values"),
    (dict[Literal["a"], int], {"b": 1}, "it must be 'a', got 'b'"),
    (Literal["a", "b"], ["a"], "it must be 'a' or 'b'"),
    (Card, {"best": None}, "it lacks 'rows'"),
    (Card, {"rows": 1, "best": None, "more": [0]}, r"it\.more\[0\] must be true or false, got 0"),
    (Path, {"points": [{"x": 1, "y": 2}]}, r"unknown key 'it\.points\[0\]\.y'; known: x, name"),
    (Path, {}, "missing key 'it.points'"),
]


@pytest.mark.parametrize(("kind", "plain", "message"), REFUSED, ids=str)
def test_what_does_not_fit_is_refused_with_its_place(kind, plain, message):
    with pytest.raises(ArtefactError, match=message) as refused:
        value(kind, plain, "it")
    assert "\n" not in str(refused.value)


def test_a_record_takes_its_defaults():
    assert record(Path, {"points": []}, "it") == Path(())


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "{", ""])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        parse(text)


def test_values_that_lie_deeper_than_any_file_has_are_a_value_error():
    with pytest.raises(ValueError, match="in one another by the thousand"):
        parse("[" * 100_000 + "]" * 100_000)
