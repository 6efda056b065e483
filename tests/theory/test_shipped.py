"""Ceilings on disk, and those that come with rfmae."""

import dataclasses
import json

import numpy as np
import pytest

from rfmae.errors import ArtefactError
from rfmae.signal.modulations import find_modulation
from rfmae.theory.ceiling import compute_ceiling
from rfmae.theory.ceiling_spec import CeilingSpec
from rfmae.theory.shipped import (
    at_points,
    ceiling_from_json,
    ceiling_json,
    shipped_ceiling,
    shipped_folder,
)

SPEC = CeilingSpec(
    tuple(map(find_modulation, ("BPSK", "QPSK", "DQPSK"))),
    (-6.0, 0.0, 6.0),
    symbols_per_example=16,
    samples_per_symbol=2,
)
SHIPPED = sorted(shipped_folder().glob("*.json"))


@pytest.fixture(scope="module")
def ceiling():
    return compute_ceiling(SPEC, frames=20)


@pytest.fixture
def folder(ceiling, tmp_path):
    text = json.dumps(ceiling_json(SPEC, ceiling))
    (tmp_path / "three.json").write_text(text)
    return tmp_path


def assert_same(one, other):
    for item in dataclasses.fields(one):
        mine, its = getattr(one, item.name), getattr(other, item.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_allclose(mine, its, atol=1e-5)  # what is written is rounded
        else:
            assert mine == its


def test_a_ceiling_reads_back_as_it_was_written(ceiling):
    assert_same(ceiling_from_json(json.loads(json.dumps(ceiling_json(SPEC, ceiling)))), ceiling)


def test_a_part_of_the_grid_is_found(ceiling, folder):
    wanted = dataclasses.replace(SPEC, snr_db=(6.0, -6.0))
    found = shipped_ceiling(wanted, folder)
    assert_same(found, at_points(ceiling, (6.0, -6.0)))
    assert found.snr_db == (6.0, -6.0)
    np.testing.assert_allclose(found.recall, ceiling.recall[[2, 0]], atol=1e-5)


def test_other_points_and_other_links_are_not_found(folder):
    assert shipped_ceiling(dataclasses.replace(SPEC, snr_db=(1.0,)), folder) is None
    assert shipped_ceiling(dataclasses.replace(SPEC, phase="known"), folder) is None


def test_a_damaged_file_is_named(folder):
    (folder / "three.json").write_text("{")
    with pytest.raises(ArtefactError, match=r"three\.json"):
        shipped_ceiling(SPEC, folder)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_estimates_that_come_with_rfmae_agree(path):
    found = ceiling_from_json(json.loads(path.read_text()))
    frames = found.frames_per_group * len(found.groups)
    # the error of a hit rate, and of the other estimate
    error = np.hypot(np.sqrt(found.hit_rate * (1 - found.hit_rate) / frames), found.posterior_error)
    difference = found.hit_rate - found.mean_posterior
    if found.snr == "known":
        assert (abs(difference) < 4 * error + 2e-3).all()
    else:  # with SNR unknown the posterior is not calibrated at each SNR
        assert abs(difference.mean()) < 4 * np.sqrt(np.square(error).sum()) / len(error) + 2e-3
    assert (found.posterior_error < 0.01).all()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_image_that_comes_with_rfmae_is_said_to_allow_more_than_its_sequence(path):
    found = ceiling_from_json(json.loads(path.read_text()))
    # the file of an image is called as that of its sequence, and by what it shows
    called = {other.stem: ceiling_from_json(json.loads(other.read_text())) for other in SHIPPED}
    sequence = called[
        max(
            (name for name, other in called.items()
             if other.kind == "sequence" and path.stem.startswith(name)),
            key=len,
        )
    ]  # fmt: skip
    assert sequence.classes == found.classes
    assert (found.accuracy <= sequence.accuracy).all()
    assert (found.merged_accuracy <= sequence.merged_accuracy).all()
