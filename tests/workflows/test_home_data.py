"""Examples that a model was trained on are counted where they come back as a test of other data."""

import numpy as np
import pytest

from rfmae.imports.import_plan import Appearance
from rfmae.progress import Silent
from rfmae.workflows.evaluate.home_data import home_of, repeated_note
from rfmae.workflows.importing import import_dataset


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A set, the same rows in another order of the classes, and other rows."""
    folder, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(4)
    iq = (rng.normal(size=(200, 16)) + 1j * rng.normal(size=(200, 16))).astype(np.complex64)
    names = np.array(["a", "b"] * 100)
    order = rng.permutation(200)
    np.savez(folder / "home.npz", X=iq, y=names)
    np.savez(folder / "same.npz", X=iq[order], y=names[order])
    np.savez(folder / "other.npz", X=2 * iq, y=names)
    return {
        name: import_dataset(
            folder / f"{name}.npz", folder / name, folder, looks=Appearance(), progress=Silent()
        )
        for name in ("home", "same", "other")
    }


def test_repeated_rows_are_counted(sets):
    learnt = {iq.tobytes() for iq in sets["home"].read_observed("train").iq}
    tested = [iq.tobytes() for iq in sets["same"].read_observed("test").iq]
    count = sum(row in learnt for row in tested)
    assert 0 < count < 20
    note = repeated_note("m", sets["same"], sets["home"])
    assert note.startswith(f"m was trained on {count} of the 20 test examples of same")


@pytest.mark.parametrize("name", ["home", "other"])
def test_nothing_is_said_of_its_own_data_and_of_new_ones(sets, name):
    assert repeated_note("m", sets[name], sets["home"]) == ""
    assert repeated_note("m", sets[name], None) == ""


def test_the_data_of_a_training_are_found_beside_others(sets):
    card = {"dataset": {"name": "home", "fingerprint": sets["home"].fingerprint}}
    found = home_of(card, [sets["other"]], sets["other"].folder.parent)
    assert found.folder == sets["home"].folder
    assert home_of({}, [sets["home"]], sets["home"].folder.parent) is None
