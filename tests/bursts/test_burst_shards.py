"""Examples in shards: the same for the same seed, kept when they are there."""

from pathlib import Path

import numpy as np
import pytest

from rfmae.bursts.examples import example
from rfmae.bursts.practice_settings import Practice, Range
from rfmae.bursts.shards import ExamplePlan, make_examples
from rfmae.errors import RecipeError
from rfmae.progress import Silent

SHORT = Practice(symbols=Range(200, 300), snr_db=Range(15, 20), occupied=Range(0.3, 0.4))


def plan(**changes: object) -> ExamplePlan:
    values: dict[str, object] = {
        "practice": SHORT,
        "per_class": {"train": 50, "validation": 50},
        "other_share": 1.0,
        "held_out": ("pulses",),
        "seed": 3,
    }
    return ExamplePlan(**{**values, **changes})  # type: ignore[arg-type]


def test_an_example_has_the_features_of_its_twin_beside_its_own():
    found = example("QPSK", np.random.default_rng(1), SHORT, twin=True)
    assert found is not None and found.clean is not None
    assert found.features.shape == found.clean.shape
    assert not np.array_equal(found.features, found.clean)
    again = example("QPSK", np.random.default_rng(1), SHORT)
    assert again is not None and again.clean is None
    np.testing.assert_array_equal(again.features, found.features)


@pytest.mark.parametrize("count", [0, 30, 75])
def test_examples_of_a_class_fill_their_shards(count: int):
    with pytest.raises(RecipeError, match="multiple of 50"):
        plan(per_class={"train": count, "validation": 50})


def test_a_folder_of_another_recipe_is_refused(tmp_path: Path):
    (tmp_path / "origin.txt").write_text("another")
    with pytest.raises(RecipeError, match="another recipe"):
        make_examples(plan(), "train", tmp_path, Silent(), 1)


@pytest.mark.slow
def test_shards_that_are_there_are_kept(tmp_path: Path):
    first = make_examples(plan(), "validation", tmp_path, Silent(), 2)
    left = sorted(tmp_path.glob("validation-QPSK-*.npz"))[0]
    before = left.read_bytes()
    left.unlink()
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")}
    second = make_examples(plan(), "validation", tmp_path, Silent(), 1)
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert np.load(left)["features"].shape[0] > 40 and len(before) > 0
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
