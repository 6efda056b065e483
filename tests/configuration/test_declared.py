"""Declared settings: ranges in words, checks by type and range, and tables over records."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from rfmae.configuration.declared import (
    Declared,
    check_settings,
    declared_settings,
    leaf_settings,
    overridden,
    setting,
)
from rfmae.configuration.masking import Masking
from rfmae.configuration.methods import METHODS, Method, find_method, method_table, with_switches
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.errors import ArtefactError, RfmaeError, ShapeError, TrainingError

RANGES = {
    "": {},
    "at least 1": {"least": 1},
    "positive": {"above": 0},
    "above 2": {"above": 2},
    "from 0 to 64": {"least": 0, "most": 64},
    "from 0 to below 1": {"least": 0, "below": 1},
    "positive and at most 1": {"above": 0, "most": 1},
    "above 1 and below 2": {"above": 1, "below": 2},
}


@pytest.mark.parametrize(("words", "limits"), RANGES.items())
def test_a_range_in_words(words, limits):
    assert Declared("about", **limits).range == words


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        ({"least": 0, "below": 1}, (0, 0.999), (-1e-9, 1)),
        ({"above": 0, "most": 1}, (1e-9, 1), (0, 1.001)),
        ({}, (-1e9, 1e9), ()),
    ],
)
def test_a_range_holds_its_closed_ends_alone(limits, inside, outside):
    declared = Declared("about", **limits)
    assert all(map(declared.holds, inside))
    assert not any(map(declared.holds, outside))


@dataclass(frozen=True)
class Part:
    share: float = setting(0.5, "A share.", least=0, most=1, option="part-share")
    kind: Literal["a", "b"] = setting("a", "A kind.")


@dataclass(frozen=True)
class Whole:
    count: int = setting(3, "A count.", least=1)
    part: Part = field(default_factory=Part)
    names: tuple[str, ...] | None = setting(None, "Names.")

    def __post_init__(self):
        check_settings(self, TrainingError)
        check_settings(self.part, TrainingError)


def test_settings_within_a_record_have_dotted_paths():
    assert [path for path, _ in leaf_settings(Whole)] == [
        "count",
        "part.share",
        "part.kind",
        "names",
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"count": 1.5}, "count must be a whole number, got 1.5"),
        ({"count": True}, "count must be a whole number, got True"),
        ({"part": {"share": 2.0}}, "part share must be from 0 to 1, got 2"),
        ({"part": {"share": float("nan")}}, "part.share must be a finite number, got nan"),
        ({"part": {"kind": "c"}}, "'a' or 'b', got 'c'"),
        ({"part": {"shar": 1.0}}, "unknown setting 'part.shar'; did you mean share"),
        ({"part": 3}, "part must be a table of named values, got 3"),
        ({"cuont": 1}, "unknown setting 'cuont'; did you mean count"),
        ({"names": "a"}, "names must be a list, got 'a'"),
    ],
)
def test_a_table_is_refused_in_one_line(table, message):
    with pytest.raises((ArtefactError, TrainingError), match=message):
        overridden(Whole(), table)


def test_a_table_changes_what_it_names_and_nothing_else():
    changed = overridden(Whole(), {"count": 5, "part": {"share": 1}, "names": ["x", "y"]})
    assert changed == Whole(5, Part(1.0, "a"), ("x", "y"))


@pytest.mark.parametrize("record", [Pretraining, Finetuning, Method, Masking])
def test_every_declared_setting_has_words_and_a_default_within_its_range(record):
    for path, item in leaf_settings(record):
        assert item.declared.about.endswith("."), path
        if isinstance(item.default, int | float) and not isinstance(item.default, bool):
            assert item.declared.holds(item.default), path


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("network", ["vit", "rings"])
def test_a_method_is_its_table(name, network):
    method = find_method(name, network)
    table = method_table(method)
    assert overridden(Method(name=table.pop("method")), table) == method


def test_a_switch_that_is_none_changes_nothing():
    method = find_method("denomae2")
    assert with_switches(method, {"masking.ratio": None, "decoder_depth": None}) == method
    changed = with_switches(method, {"masking.ratio": 0.5, "masking.unit": 2, "scaled": False})
    assert (changed.masking, changed.scaled) == (Masking(0.5, unit=2), False)


@pytest.mark.parametrize("record", [Pretraining, Finetuning])
@pytest.mark.parametrize("text", ["1", None, [], {}, -1, 10**400])
def test_no_value_of_another_type_passes(record, text):
    for item in declared_settings(record):
        try:
            built = record(**{item.name: text})
        except (RfmaeError, ShapeError) as error:
            assert "\n" not in str(error)
        else:
            kind = type(getattr(built, item.name))
            assert text is None or kind is str or isinstance(text, int), (item.name, text)
