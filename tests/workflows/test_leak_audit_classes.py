"""What predicts the class beside the modulation is named, in data sets with twins and without."""

import importlib
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from rfmae.datasets.recipe import Splits, load_recipe, parse_recipe
from rfmae.datasets.store import open_dataset, write_dataset
from rfmae.progress import Silent
from rfmae.workflows.auditing.leak_audit import audit
from rfmae.workflows.importing import import_dataset

ORDERS = {"BPSK": 2, "QPSK": 4, "8PSK": 8}


def failed(report):
    return [finding.name for finding in report.of("leak", "wrong")]


def named(report, name):
    return next(finding for finding in report.findings if finding.name == name)


# with clean twins -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Ten classes, five SNRs, and ten examples of each to train and to test."""
    recipe = replace(load_recipe("awgn-ten"), splits=Splits(10, 1, 10)).with_snr("-10:10:5")
    return write_dataset(recipe, tmp_path_factory.mktemp("made") / "clean", progress=Silent())


@pytest.fixture
def changed(made, tmp_path):
    """The audit of a copy, all of whose examples were changed."""

    def change(function):
        folder = tmp_path / "copy"
        shutil.copytree(made.folder, folder)
        for split in ("train", "validation", "test"):
            with h5py.File(folder / f"{split}.h5", "a") as file:
                seen, clean = file["symbols/observed"][:], file["symbols/clean"][:]
                new = function(seen, clean, file["label"][:], file["snr_db"][:])
                file["symbols/observed"][:] = new.astype(np.complex64)
        return audit(open_dataset(folder), tmp_path / "report", progress=Silent()).report

    return change


def with_noise(clean, snr_db, noise):
    """Twins with this noise, at their SNR and at unit power."""
    iq = clean + noise * 10 ** (-snr_db[:, None] / 20)
    return iq / np.sqrt((np.abs(iq) ** 2).mean(axis=1, keepdims=True))


def normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


def test_nothing_is_found_where_nothing_is(changed):
    report = changed(lambda seen, clean, label, snr_db: seen)
    assert failed(report) == []
    least = {item.name: item.noticeable_db for item in report.findings if item.noticeable_db}
    assert least["mean of the residual, symbols"] < -35
    assert least["tones of the residual, symbols"] < -28


LEFT = {
    "DC": (
        lambda seen, clean, label, snr_db: seen + 0.05 * label[:, None],
        "mean of the residual, symbols",
    ),
    "DC of any phase": (
        lambda seen, clean, label, snr_db: (
            seen + 0.1 * (label == 3)[:, None] * np.exp(1j * np.arange(len(label)))[:, None]
        ),
        "mean of the residual, symbols",
    ),
    "tone": (
        lambda seen, clean, label, snr_db: (
            seen + 0.1 * (label == 3)[:, None] * np.exp(0.7j * np.arange(seen.shape[1]))
        ),
        "tones of the residual, symbols",
    ),
    "time": (
        lambda seen, clean, label, snr_db: (
            seen
            + (label == 3)[:, None]
            * (np.arange(seen.shape[1]) < 64)
            * 0.7
            * normal(np.random.default_rng(1), *seen.shape)
        ),
        "energy in time of the residual, symbols",
    ),
    "sample": (
        lambda seen, clean, label, snr_db: (
            seen + 0.1 * label[:, None] * (np.arange(seen.shape[1]) == 77)
        ),
        "single samples of the residual, symbols",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("change", "name"), LEFT.values(), ids=list(LEFT))
def test_what_is_left_beside_the_twin_is_named(changed, change, name):
    assert name in failed(changed(change))


@pytest.mark.slow
def test_noise_that_two_examples_share_is_found(changed):
    rng = np.random.default_rng(3)

    def shared(seen, clean, label, snr_db):
        noise = normal(rng, *clean.shape)
        noise[::50] = normal(np.random.default_rng(9), clean.shape[1])
        return with_noise(clean, snr_db, noise)

    found = named(changed(shared), "noise that repeats")
    assert found.verdict == "leak"
    assert "train and test" in found.explanation


@pytest.mark.slow
def test_noise_of_one_table_is_told(changed):
    """As GNU Radio's fast noise source draws it, of 16,384 values."""
    rng = np.random.default_rng(3)
    table = normal(rng, 16_384)

    def drawn(seen, clean, label, snr_db):
        return with_noise(clean, snr_db, table[rng.integers(0, len(table), clean.shape)])

    found = named(changed(drawn), "noise from a table")
    assert (found.verdict, found.value) == ("note", 100)


# impairments that a recipe means ---------------------------------------------------------------

MEANT = """
schema = 1
name = "meant"
about = "Impairments of every kind."
seed = 5
[source]
modulations = ["OOK", "BPSK", "4ASK", "16QAM", "GMSK"]
symbols_per_example = 64
samples_per_symbol = 4
receiver = {{ {receiver} }}
[source.channel]
snr = "0:30:10"
{effects}
[splits]
train = 12
validation = 1
test = 12
"""

EFFECTS = {
    "carrier and timing": (
        'observe = "both"',
        'phase_offset_turns = "uniform"\ntiming_offset_symbols = "uniform"\n'
        "carrier_offset_turns_per_symbol = [-0.05, 0.05]",
    ),
    "fading": (
        'observe = "both"',
        'fading = { kind = "rayleigh", doppler_turns_per_symbol = 0.01, '
        "delays_symbols = [0.0, 1.5], powers_db = [0.0, -6.0] }",
    ),
    "defects": (
        'observe = "waveform"',
        "iq_gain_imbalance_db = [-1.0, 1.0]\niq_phase_imbalance_degrees = [-5.0, 5.0]\n"
        "dc_offset_rms = [0.0, 0.2]",
    ),
    "known phase": ('observe = "waveform"', 'phase_offset_turns = "none"'),
    "coarse converter": (
        'observe = "waveform"',
        'phase_offset_turns = "uniform"\nquantiser_bits = 6\nclip_level_rms = 2.5',
    ),
    "recovered": (
        'observe = "symbols", timing = "oerder-meyr", phase = "viterbi-viterbi"',
        'phase_offset_turns = "uniform"\ntiming_offset_symbols = "uniform"',
    ),
}


@pytest.mark.parametrize(("receiver", "effects"), EFFECTS.values(), ids=list(EFFECTS))
def test_what_a_recipe_means_is_no_leak(tmp_path, receiver, effects):
    recipe = parse_recipe(MEANT.format(receiver=receiver, effects=effects))
    made = write_dataset(recipe, tmp_path / "made", progress=Silent())
    report = audit(made, tmp_path / "report", progress=Silent()).report
    classes = [name for name in failed(report) if "number of dots" not in name]
    assert classes == []


# without twins --------------------------------------------------------------------------------


def arrays(rng, rows=120, samples=256, names=None):
    """Three classes of PSK, every example at a phase of its own."""
    label = np.repeat(np.arange(3), rows)
    steps = [rng.integers(0, order, (rows, samples)) / order for order in ORDERS.values()]
    clean = np.exp(2j * np.pi * (np.concatenate(steps) + rng.random((3 * rows, 1))))
    snr_db = np.tile(np.repeat([0.0, 10.0], rows // 2), 3)
    return clean, label, snr_db


def of_arrays(tmp_path, iq, label, snr_db, names=tuple(ORDERS)):
    tmp_path.mkdir(exist_ok=True)
    unit = iq / np.sqrt((np.abs(iq) ** 2).mean(axis=1, keepdims=True))
    np.savez(tmp_path / "a.npz", iq=unit.astype(np.complex64), y=np.array(names)[label], snr=snr_db)
    data = import_dataset(
        tmp_path / "a.npz", tmp_path / "data", tmp_path, form="arrays", progress=Silent()
    )
    return audit(data, tmp_path / "report", progress=Silent()).report


PLANTED = {
    "DC": (
        lambda iq, label: iq + 0.3 * np.exp(2j * np.pi * label[:, None] / 3),
        "mean, waveform",
    ),
    "carrier": (
        lambda iq, label: iq * np.exp(2j * np.pi * 0.01 * label[:, None] * np.arange(256)),
        "carrier, waveform",
    ),
    "first sample": (
        lambda iq, label: np.hstack([np.exp(2j * np.pi * label[:, None] / 3), iq[:, 1:]]),
        "single samples, waveform",
    ),
    "louder begin": (
        lambda iq, label: iq * np.where((np.arange(256) < 32) & (label[:, None] == 1), 1.4, 1),
        "energy in time, waveform",
    ),
    "tone": (
        lambda iq, label: iq + 0.3 * (label[:, None] == 2) * np.exp(1.3j * np.arange(256)),
        "tones, waveform",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("change", "name"), PLANTED.values(), ids=list(PLANTED))
def test_without_twins_a_planted_leak_is_named(rng, tmp_path, change, name):
    clean, label, snr_db = arrays(rng)
    noisy = with_noise(clean, snr_db, normal(rng, *clean.shape))
    assert name in failed(of_arrays(tmp_path, change(noisy, label), label, snr_db))


def test_without_twins_and_without_a_leak_nothing_is_named(rng, tmp_path):
    clean, label, snr_db = arrays(rng)
    report = of_arrays(
        tmp_path, with_noise(clean, snr_db, normal(rng, *clean.shape)), label, snr_db
    )
    assert failed(report) == []
    assert named(report, "names of classes").verdict == "pass"


def test_rows_under_another_phase_are_found_across_splits(rng, tmp_path):
    clean, label, snr_db = arrays(rng)
    noisy = with_noise(clean, snr_db, normal(rng, *clean.shape))
    noisy[1::2] = noisy[::2] * np.exp(0.3j)
    report = of_arrays(tmp_path, noisy, label, snr_db)
    across = named(report, "rows equal up to scale, phase, shift, across splits")
    within = named(report, "rows equal up to scale, phase, shift, within splits")
    assert across.verdict == "leak"
    assert across.value + within.value == 180


def test_of_unknown_names_what_may_be_the_modulation_is_a_note(rng, tmp_path):
    """On-off keying has a carrier line; what no modulation has is a leak whatever the name."""
    clean, label, snr_db = arrays(rng)
    keyed = np.sqrt(2) * rng.integers(0, 2, clean[label == 1].shape)
    clean[label == 1] = keyed * clean[label == 1][:, :1]
    iq = with_noise(clean, snr_db, normal(rng, *clean.shape))
    iq[:, 5] = np.exp(2j * np.pi * label / 3)
    report = of_arrays(tmp_path, iq, label, snr_db, names=("one", "two", "three"))
    assert failed(report) == ["single samples, waveform"]
    assert named(report, "tones, waveform").verdict == "note"


def test_a_name_that_samples_contradict_is_a_finding(rng, tmp_path):
    iq, label, snr_db = arrays(rng)
    report = of_arrays(tmp_path, iq, label, snr_db, names=("OOK", "QPSK", "8PSK"))
    found = named(report, "names of classes")
    assert (found.verdict, found.value) == ("note", 1)
    assert "OOK: mean² over power" in found.explanation


def test_noise_of_a_table_shows_in_symbols_of_points(rng, tmp_path):
    label, snr_db = np.repeat(np.arange(3), 60), np.full(180, 5.0)
    table = normal(rng, 16_384) * 0.5
    points = [np.exp(2j * np.pi * rng.integers(0, m, (60, 1024)) / m) for m in (2, 2, 4)]
    iq = np.concatenate(points) + table[rng.integers(0, len(table), (180, 1024))]
    report = of_arrays(tmp_path, iq, label, snr_db, names=("a", "b", "c"))
    assert named(report, "noise from a table").verdict == "note"


# false alarms ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["awgn-ten", "awgn-ten-quick", "sdr-linear", "radio-24"])
def test_clean_sets_of_every_recipe_pass(name, tmp_path, monkeypatch):
    """Three of each, as they are made and as arrays of somebody else (docs/audit.md has fifty)."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs"))
    study = importlib.import_module("audit_study")
    for seed in range(3):
        folder = tmp_path / str(seed)
        made = write_dataset(study.small(name, seed), folder / "made", progress=Silent())
        assert study.failures(made, folder / "report") == []
        other = study.without_twins(*study.everything(made), made, folder)
        assert study.failures(other, folder / "other") == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_signals_as_in_radioml_pass(seed, tmp_path, monkeypatch):
    """Random phase, carrier and timing, 24 classes; whole, and in short rows with other names."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "imports"))
    miniatures = importlib.import_module("miniatures")
    rng = np.random.default_rng(seed)
    miniatures.write_radioml2018(tmp_path / "set.h5", rng, snrs=(-10, 0, 10, 30), rows=24)
    data = import_dataset(tmp_path / "set.h5", tmp_path / "data", tmp_path, progress=Silent())
    report = audit(data, tmp_path / "report", progress=Silent()).report
    assert failed(report) == []
    assert named(report, "names of classes").verdict == "pass"
    seen = data.read_observed("train")
    label, snr_db = seen.label.astype(int), seen.snr_db
    names = tuple(f"kind {c}" for c in range(24))
    assert failed(of_arrays(tmp_path / "short", seen.iq[:, :128], label, snr_db, names)) == []
