"""A warning where the SNR that an imported data set states is not the same for all classes."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.datasets.class_snr import class_snr
from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.store import write_dataset
from rfmae.progress import Silent
from rfmae.records import ClassSnr
from rfmae.reporting.class_snr_note import UNEQUAL_DB, class_snr_note
from rfmae.workflows.evaluate.snr_evaluation import stated_snr_note
from rfmae.workflows.importing import import_dataset


def small(name, grid, *, reference="symbol", classes=None):
    """A shipped recipe with few examples."""
    recipe = load_recipe(name).with_snr(grid)
    channel = replace(recipe.source.channel, snr_reference=reference)
    source = replace(recipe.source, channel=channel)
    if classes is not None:
        source = replace(source, modulations=classes)
    return replace(recipe, source=source, splits=Splits(6, 1, 1))


def arrays(recipe, folder, view=None):
    """What somebody else would be given: I/Q, names and SNRs, without the recipe."""
    made = write_dataset(recipe, folder).read_observed("train", view=view)
    return made.iq, np.array(made.classes)[made.label], made.snr_db


def imported(folder, iq, names, snr_db, samples_per_symbol):
    np.savez(folder / "set.npz", X=iq, y=names, snr=snr_db)
    return import_dataset(folder / "set.npz", folder / "set", folder, progress=Silent(),
                          samples_per_symbol=samples_per_symbol)  # fmt: skip


HONEST = {
    "symbols": (small("sdr-linear", "0:20:10"), "symbols", 1.0, 6),
    "symbols, SNR per sample": (small("sdr-linear", "0:10:5", reference="sample"), "symbols", 1, 3),
    "waveforms of a cheap radio": (small("radio-24", "0:20:10"), "waveform", 8.0, 17),
    "of ten in noise": (small("awgn-ten-quick", "0:10:5"), "symbols", 1.0, 2),
}


@pytest.mark.parametrize(("recipe", "view", "rate", "known"), HONEST.values(), ids=list(HONEST))
def test_an_honest_set_is_not_warned_of(tmp_path, recipe, view, rate, known):
    dataset = imported(tmp_path, *arrays(recipe, tmp_path / "made", view), rate)
    found = class_snr(dataset)
    assert len(found.above_label_db) == known
    assert np.ptp(list(found.above_label_db.values())) < 1.2
    assert class_snr_note(found) == stated_snr_note(dataset) == ""


@pytest.mark.parametrize("rate", [1.0, 8.0])
@pytest.mark.parametrize("shift_db", [6.0, -6.0])
def test_a_class_that_is_off_by_six_decibels_is_named(tmp_path, rate, shift_db):
    recipe = small("sdr-linear", "0:20:5", classes=("BPSK", "QPSK", "16QAM"))
    if rate == 8:
        trajectory = replace(recipe.image.planes[0], what="trajectory")
        receiver = replace(recipe.source.receiver, observe="waveform")
        source = replace(recipe.source, receiver=receiver)
        image = replace(recipe.image, planes=(trajectory,))
        recipe = replace(recipe, source=source, image=image)
    louder = recipe.with_snr(f"{shift_db:g}:{20 + shift_db:g}:5")
    iq, names, snr_db = arrays(recipe, tmp_path / "one")
    moved, of_moved, at_moved = arrays(louder, tmp_path / "other")
    ours, theirs = names == "QPSK", of_moved == "QPSK"
    iq[ours] = moved[theirs]
    np.testing.assert_allclose(snr_db[ours], at_moved[theirs] - shift_db)
    found = class_snr(imported(tmp_path, iq, names, snr_db, rate))
    above = found.above_label_db
    assert above["QPSK"] - above["BPSK"] == pytest.approx(shift_db, abs=1)
    note = class_snr_note(found)
    assert note.startswith("WARNING: at one stated SNR the classes differ: ")
    stated = float(note.partition("an Es/N0 ")[2].split()[0])
    assert stated == pytest.approx(6, abs=1)


def test_labels_of_energy_per_bit_are_called_so(tmp_path):
    recipe = small("sdr-linear", "0:20:5", reference="bit", classes=("BPSK", "QPSK", "64QAM"))
    found = class_snr(imported(tmp_path, *arrays(recipe, tmp_path / "made"), 1.0))
    assert found.above_label_db["64QAM"] == pytest.approx(10 * np.log10(6), abs=1)
    assert class_snr_note(found).endswith("the labels seem to be Eb/N0.")


def test_where_it_cannot_be_measured_the_reason_is_given(tmp_path):
    recipe = small("awgn-ten-quick", "0:10:5", classes=("DQPSK", "4PAM", "GMSK", "OOK"))
    made = arrays(recipe, tmp_path / "made", "waveform")
    (tmp_path / "a").mkdir()
    filtered = class_snr(imported(tmp_path / "a", *made, 8.0))  # no noise is left beside the band
    assert filtered.above_label_db == {}
    assert filtered.unmeasured["GMSK"] == "it is not linear"
    assert "it cannot be measured of" in class_snr_note(filtered)
    (tmp_path / "b").mkdir()
    called_symbols = class_snr(imported(tmp_path / "b", *made, 1.0))
    assert "cannot be symbols" in called_symbols.unmeasured["DQPSK"]
    assert "amplitudes vary" in called_symbols.unmeasured["OOK"]
    renamed = np.where(made[1] == "DQPSK", "theirs", made[1])
    (tmp_path / "c").mkdir()
    strange = class_snr(imported(tmp_path / "c", made[0], renamed, made[2], 8.0))
    assert "does not know the name" in strange.unmeasured["theirs"]


def test_what_does_not_follow_its_labels_is_not_compared(tmp_path):
    recipe = small("sdr-linear", "10", classes=("BPSK", "QPSK"))
    iq, names, _ = arrays(recipe, tmp_path / "made")
    invented = np.resize([0.0, 10.0, 20.0], len(iq))  # all of one SNR
    turned = np.exp(1j * np.arange(6))[:, None, None] * iq  # no row twice
    repeated = (turned.reshape(-1, iq.shape[1]), np.tile(names, 6), np.tile(invented, 6))
    found = class_snr(imported(tmp_path, *repeated, 1.0))
    assert found.above_label_db == {}
    assert "rises by 0.0 dB for each dB of the label" in found.unmeasured["BPSK"]


def test_the_note_starts_at_its_threshold():
    def of(spread):
        return ClassSnr({"QPSK": 0.0, "8PSK": -spread}, {"QPSK": 2, "8PSK": 3}, {"GMSK": "why"})

    assert class_snr_note(of(UNEQUAL_DB - 0.01)) == ""
    assert "QPSK has an Es/N0 3.0 dB above that of 8PSK" in class_snr_note(of(UNEQUAL_DB))
    assert class_snr_note(of(UNEQUAL_DB)).endswith("Not measured: GMSK.")
