"""Records from TOML tables and back, whatever they hold."""

import tomllib
from dataclasses import asdict, dataclass, field
from typing import Literal

import pytest

from rfmae.datasets.strict_toml import build, to_toml
from rfmae.errors import RecipeError
from rfmae.plain import dotted


@dataclass(frozen=True)
class Inner:
    size: int = 3
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    word: str
    count: int
    ratio: float = 1.0
    choice: Literal["one", "two", 3] = "one"
    numbers: tuple[float, ...] = (1.0, 2.0)
    names: tuple[str, ...] = ()
    setting: str | float | tuple[float, ...] = "none"
    inner: Inner = field(default_factory=Inner)
    named: dict[str, dict[str, int | float | tuple[float, ...]]] = field(default_factory=dict)


OUTERS = [
    Outer("a", 1),
    Outer('"quoted" \\ µ 🛰 \x7f\t\n', -7, 1e-30, "two", (), ("x", "π/4")),
    Outer("a", 1, setting=0.25),
    Outer("a", 1, setting=(0.5, 1.5)),
    Outer("a", 1, choice=3, inner=Inner(9, 1e300)),
    Outer("a", 1, named={"π/4-DQPSK": {"bt": 0.3, "n": 5, "rings": (1.5, 2.0)}, "": {}}),
    Outer("a", 1, named={"dotted.name": {"with space": 1.0}, 'with "quotes"': {"a": 2}}),
]


@pytest.mark.parametrize("record", OUTERS, ids=range(len(OUTERS)))
def test_a_record_reads_back_from_its_own_toml(record):
    text = to_toml(asdict(record))
    assert build(Outer, tomllib.loads(text)) == record
    assert to_toml(asdict(build(Outer, tomllib.loads(text)))) == text


def test_what_is_left_out_has_its_default():
    assert build(Outer, {"word": "a", "count": 1}) == Outer("a", 1)
    assert build(Outer, {"word": "a", "count": 1, "inner": {"size": 4}}).inner == Inner(4)


def test_a_whole_number_does_for_a_number_and_becomes_one():
    record = build(Outer, {"word": "a", "count": 1, "ratio": 2, "setting": 3, "numbers": [1, 2]})
    assert (record.ratio, record.setting, record.numbers) == (2.0, 3.0, (1.0, 2.0))
    assert all(isinstance(x, float) for x in (record.ratio, record.setting, *record.numbers))


def test_whole_and_broken_parameters_stay_what_they_are():
    record = build(Outer, {"word": "a", "count": 1, "named": {"x": {"n": 5, "bt": 0.5}}})
    assert isinstance(record.named["x"]["n"], int)
    assert isinstance(record.named["x"]["bt"], float)


WRONG = [
    ({"count": 1}, "missing key 'word'"),
    ({"word": "a", "count": 1, "cuont": 1}, "unknown key 'cuont'; did you mean count"),
    (
        {"word": "a", "count": 1, "inner": {"sise": 1}},
        "unknown key 'inner.sise'; did you mean size",
    ),
    ({"word": 1, "count": 1}, "word must be a text, got 1"),
    ({"word": "a", "count": 1.0}, "count must be a whole number, got 1.0"),
    ({"word": "a", "count": True}, "count must be a whole number, got True"),
    ({"word": "a", "count": 1, "ratio": "1"}, "ratio must be a finite number, got '1'"),
    ({"word": "a", "count": 1, "ratio": False}, "ratio must be a finite number, got False"),
    (
        {"word": "a", "count": 1, "choice": "three"},
        "choice must be 'one' or 'two' or 3, got 'three'",
    ),
    ({"word": "a", "count": 1, "choice": ["one"]}, "choice must be"),
    ({"word": "a", "count": 1, "numbers": 1.0}, "numbers must be a list, got 1.0"),
    (
        {"word": "a", "count": 1, "numbers": [1.0, "2"]},
        "numbers[1] must be a finite number, got '2'",
    ),
    ({"word": "a", "count": 1, "names": [1]}, "names[0] must be a text, got 1"),
    (
        {"word": "a", "count": 1, "setting": True},
        "setting must be a text or a finite number or a list, got",
    ),
    (
        {"word": "a", "count": 1, "setting": {"low": 1}},
        "setting must be a text or a finite number or a list, got",
    ),
    (
        {"word": "a", "count": 1, "setting": ["x"]},
        "setting must be a text or a finite number or a list, got",
    ),
    ({"word": "a", "count": 1, "inner": 3}, "inner must be a table of named values, got 3"),
    ({"word": "a", "count": 1, "named": 3}, "named must be a table of named values, got 3"),
    (
        {"word": "a", "count": 1, "named": {"x": 3}},
        "named.x must be a table of named values, got 3",
    ),
    ({"word": "a", "count": 1, "named": {"x": {"y": "z"}}}, "named.x.y must be"),
    ({"word": "a", "count": 1, "named": {"π": {"y": "z"}}}, 'named."π".y must be'),
]


@pytest.mark.parametrize(("table", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_does_not_fit_is_refused_by_its_path(table, words):
    with pytest.raises(RecipeError) as caught:
        build(Outer, table)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_choices_of_a_literal_are_not_mistaken_for_truths():
    @dataclass(frozen=True)
    class Numbered:
        which: Literal[0, 1]

    assert build(Numbered, {"which": 1}) == Numbered(1)
    with pytest.raises(RecipeError, match="which must be 0 or 1, got True"):
        build(Numbered, {"which": True})


def test_a_path_is_quoted_where_toml_requires_it():
    assert dotted("", "seed") == "seed"
    assert dotted("source.parameters", "16-APSK") == "source.parameters.16-APSK"
    assert dotted("source", "π/4") == 'source."π/4"'


def test_a_value_without_toml_is_refused():
    with pytest.raises(TypeError, match="no TOML for None"):
        to_toml({"a": None})
