"""The walk over a data set sees every row once and measures those that were chosen."""

import numpy as np
import pytest

from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import write_dataset
from rfmae.progress import Silent
from rfmae.workflows.auditing import leak_survey


@pytest.fixture(scope="module")
def data(tiny_toml, tmp_path_factory):
    text = tiny_toml.replace("train = 2", "train = 50").replace(
        "samples_per_symbol = 2", 'samples_per_symbol = 2\nreceiver = { observe = "both" }'
    )
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("made") / "data")


def test_every_row_has_a_digest_and_every_measure_a_row(data):
    splits = leak_survey.walk(data, 10_000, 0, Silent())
    for name, split in splits.items():
        rows = data.examples(name)
        assert len(split.digests) == len(split.twins) == len(split.label) == rows
        assert {len(values) for values in split.measures.values()} == {rows}
        assert {f"power {view}" for view in data.views} <= split.measures.keys()
    assert len(np.unique(splits["train"].digests)) == 300


def test_measures_belong_to_their_rows_whatever_the_chunks(data, monkeypatch):
    whole = leak_survey.walk(data, 10_000, 0, Silent())["train"]
    monkeypatch.setattr(leak_survey, "_CHUNK", 7)
    some = leak_survey.walk(data, 60, 0, Silent())["train"]
    assert len(some.label) == 60
    for name, values in some.measures.items():
        assert values == pytest.approx(whole.measures[name][some.row]), name
    assert (some.digests == whole.digests).all()
    assert (some.label == data.labels("train")[0][some.row]).all()


def test_those_that_are_measured_are_as_many_of_each_class_and_snr(data):
    some = leak_survey.walk(data, 60, 0, Silent())["train"]
    _, counts = np.unique(np.stack([some.label, some.snr_db]), axis=1, return_counts=True)
    assert counts.tolist() == [10] * 6
    other = leak_survey.walk(data, 60, 1, Silent())["train"]
    assert some.row.tolist() != other.row.tolist()


def test_the_place_among_its_like_is_that_of_the_address(data):
    split = leak_survey.walk(data, 10_000, 0, Silent())["train"]
    assert (split.position == np.arange(300) % 50).all()
