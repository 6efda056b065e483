import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_baselines import fitted, labelled

from rfmae.artefacts import read_card
from rfmae.baselines.files import is_baseline, load_baseline, save_baseline
from rfmae.baselines.scale import Scale
from rfmae.baselines.trained import METHODS
from rfmae.errors import ArtefactError, CheckpointError


@pytest.fixture(autouse=True)
def small_forest(monkeypatch):
    """Fewer trees, for speed; nothing here depends on how many there are."""
    monkeypatch.setattr("rfmae.baselines.forest.fit_forest.__kwdefaults__", {"trees": 5})


@pytest.fixture
def folder(rng, tmp_path):
    save_baseline(fitted("logistic", rng, each=10), {"labels": 40}, tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("units", ["rms", "absolute"])
def test_a_loaded_baseline_answers_bit_for_bit_as_before(name, units, rng, tmp_path):
    baseline, views = fitted(name, rng, each=10, scale=Scale(units, 3.0)), labelled(rng, 5).views
    save_baseline(baseline, {"labels": 40}, tmp_path / "saved")
    loaded = load_baseline(tmp_path / "saved")
    np.testing.assert_array_equal(loaded(views), baseline(views))
    assert (loaded.classes, loaded.views) == (baseline.classes, baseline.views)
    assert loaded.baseline.inputs == baseline.inputs
    assert loaded.baseline.inputs.scale == Scale(units, 3.0)
    assert loaded.card["labels"] == 40


def test_the_card_says_what_it_is_and_is_plain_json(folder):
    card = read_card(folder)
    assert is_baseline(folder)
    assert (card["kind"], card["name"], card["views"]) == ("baseline", "logistic", ["symbols"])
    assert 0 <= card["score"]["accuracy"] <= 1
    assert card["settings"].keys() == {"penalty"}
    assert {path.name for path in folder.iterdir()} == {"card.json", "arrays.npz"}


def test_a_card_that_names_a_view_alone_means_that_view(folder, rng):
    """As cards did before a baseline could read several signals."""
    views = labelled(rng, 3).views
    expected = load_baseline(folder)(views)
    card = read_card(folder)
    del card["signals"]
    (folder / "card.json").write_text(json.dumps(card))
    np.testing.assert_array_equal(load_baseline(folder)(views), expected)


def test_a_folder_of_something_else_is_no_baseline(tmp_path):
    assert not is_baseline(tmp_path)
    with pytest.raises(CheckpointError, match="is no baseline; make one with `rfmae baseline`"):
        load_baseline(tmp_path)


def test_a_baseline_is_not_written_over(folder, rng):
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        save_baseline(fitted("logistic", rng, each=5), {}, folder)


class Bomb:
    """An object that executes code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def replaced(folder, name, stored):
    """Write the array file again with other bytes in the place of one array."""
    path = folder / "arrays.npz"
    with zipfile.ZipFile(path) as old:
        held = {item: old.read(item) for item in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for item, content in {**held, f"{name}.npy": stored}.items():
            new.writestr(item, content)


def as_npy(array, **how):
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def test_what_would_run_when_it_is_unpickled_does_not_run(folder, tmp_path):
    bomb = np.array([Bomb(tmp_path / "ran")], dtype=object)
    replaced(folder, "weights", as_npy(bomb, allow_pickle=True))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_baseline(folder)
    assert not (tmp_path / "ran").exists()
    (folder / "arrays.npz").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_baseline(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((3, 3)), np.zeros(4), np.full((1024, 4), np.nan), np.full((1024, 4), "weight")],
    ids=["shape", "one axis", "no number", "words"],
)
def test_arrays_that_do_not_go_together_are_refused_at_once(wrong, folder):
    replaced(folder, "weights", as_npy(wrong))
    with pytest.raises(CheckpointError, match="describe no baseline"):
        load_baseline(folder)


def test_a_file_that_is_cut_short_or_lacks_an_array_is_refused(folder):
    path = folder / "arrays.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_baseline(folder)
    np.savez(path, weights=np.zeros((1024, 4)))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_baseline(folder)
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_baseline(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "neural"),
        ("temperature", None),
        ("temperature", "hot"),
        ("units", "peak"),
        ("classes", ["A"]),
        ("signals", [{"what": "symbols", "lag_samples": 3}]),
    ],
)
def test_a_card_that_was_changed_is_refused_in_one_line(key, value, folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, key: value}))
    with pytest.raises(CheckpointError) as caught:
        load_baseline(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
