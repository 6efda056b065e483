"""The audit of whole data sets: honest recipes pass, legacy fails, a planted leak is named."""

import csv
import json
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest

from rfmae.datasets.recipe import Splits, load_recipe, parse_recipe
from rfmae.datasets.store import open_dataset, write_dataset
from rfmae.errors import ArtefactError
from rfmae.imports.arrays.array_source import ArrayOptions
from rfmae.imports.opening import SourceOptions
from rfmae.workflows.auditing.leak_audit import audit
from rfmae.workflows.importing import import_dataset


def miniature(name, snr, count, folder):
    """A data set of a recipe that comes with rfmae, of few SNR points and few examples."""
    recipe = replace(load_recipe(name), splits=Splits(count, 1, count)).with_snr(snr)
    return write_dataset(recipe, folder)


def named(report):
    return {finding.name: finding for finding in report.findings}


HONEST = {
    "awgn-ten-quick": ("-10:10:5", 6),
    "sdr-linear": ("0:30:10", 8),
    "radio-24": ("-20:30:25", 6),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(*item, id=item[0], marks=[] if item[0] == "sdr-linear" else [pytest.mark.slow])
        for item in HONEST.items()
    ],
)
def test_honest_recipes_pass(name, size, tmp_path):
    report = audit(miniature(name, *size, tmp_path / "data"), tmp_path / "report").report
    assert [finding.name for finding in report.of("leak", "wrong")] == []
    assert report.is_clean
    # a test that could not have failed says nothing
    tests = [finding.test for finding in report.findings if finding.test is not None]
    assert all(test.noticeable < 0.5 for test in tests)


@pytest.mark.slow
def test_legacy_fails_and_says_why(tmp_path):
    data = miniature("legacy", "-8:8:8", 8, tmp_path / "data")
    report = audit(data, tmp_path / "report").report
    found = named(report)
    assert not report.is_clean
    for name in ("as stored", "as shown", "as shown, SNR known"):
        power = found[f"power of the waveform, {name}"]
        assert power.verdict == "leak"
        assert "OOK" in power.explanation
        assert "16PAM" in power.explanation
    # at a known SNR power says more: noise is the class's own
    assert found["power of the waveform, as shown, SNR known"].value > 0.4
    dots = found["number of dots of the waveform"]
    assert dots.verdict == "leak"
    assert dots.value == pytest.approx(0.2, abs=0.05)  # GMSK, and one of the nine others
    assert "GMSK 8,192" in dots.explanation
    assert "4ASK and 4PAM; CPFSK and GFSK" in found["equal classes"].explanation
    assert found["equal classes"].value == pytest.approx(0.8)
    assert found["metadata"].verdict == found["shuffled labels"].verdict == "pass"
    assert found["SNR against label"].verdict == "pass"


# planted leaks --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tiny_toml, tmp_path_factory):
    """A clean data set of three classes at two SNRs, and its audit."""
    text = tiny_toml.replace("train = 2", "train = 30").replace("test = 1", "test = 30")
    folder = tmp_path_factory.mktemp("made") / "clean"
    return write_dataset(parse_recipe(text), folder)


@pytest.fixture
def planted(made, tmp_path):
    """Change the split files of a copy, and audit it."""

    def plant(change):
        folder = tmp_path / "planted"
        shutil.copytree(made.folder, folder)
        with (
            h5py.File(folder / "train.h5", "a") as train,
            h5py.File(folder / "test.h5", "a") as test,
        ):
            change(train, test)
        return audit(open_dataset(folder), tmp_path / "report").report

    return plant


def louder(train, test):
    for file in (train, test):
        of_one = file["label"][:] == 1
        file["symbols/observed"][of_one] = 1.5 * file["symbols/observed"][of_one]


def held(train, test):
    for file in (train, test):
        of_one = file["label"][:] == 1
        every_second = file["symbols/observed"][of_one][:, ::2]
        file["symbols/observed"][of_one] = np.repeat(every_second, 2, axis=1)


def told_by_the_phase(train, test):
    for file in (train, test):
        file["drawn/phase_offset_turns"][:] = file["label"][:] / 3


def told_by_the_snr(train, test):
    for file in (train, test):
        file["snr_db"][:] = np.where(file["label"][:] == 0, 0, 10)


def copied(train, test):
    test["symbols/observed"][7] = train["symbols/observed"][90]


def same_message(train, test):
    test["symbols/clean"][7] = train["symbols/clean"][90]


def shifted_snr(train, test):
    for file in (train, test):
        snr_db = file["snr_db"][:]
        file["snr_db"][:] = np.where(snr_db == 10, 0, 10)


PLANTED = {
    "louder": (louder, {"power of the symbols, as stored": "note"}),
    "held": (held, {"number of dots of the symbols": "leak"}),
    "phase": (told_by_the_phase, {"metadata": "leak"}),
    "snr": (told_by_the_snr, {"metadata": "leak", "class balance": "note"}),
    "copied": (copied, {"equal rows across splits": "leak"}),
    "same message": (same_message, {"equal clean twins across splits": "leak"}),
    "shifted": (shifted_snr, {"SNR against label": "wrong"}),
}


def test_without_a_planted_leak_there_is_none(planted):
    report = planted(lambda train, test: None)
    assert report.is_clean
    assert {finding.name for finding in report.of("note")} == {"order of rows"}


@pytest.mark.parametrize(("change", "verdicts"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_leak_is_named(planted, change, verdicts):
    found = named(planted(change))
    assert {name: found[name].verdict for name in verdicts} == verdicts


def test_a_power_that_the_image_hides_is_told_as_what_it_is(planted):
    found = named(planted(louder))
    stored = found["power of the symbols, as stored, SNR known"]
    assert stored.verdict == "note"
    assert stored.value > 0.6
    assert "gets every example at unit power" in stored.explanation
    shown = found["power of the symbols, as shown, SNR known"]
    assert (shown.verdict, shown.value) == ("pass", pytest.approx(1 / 3))


def test_streams_that_begin_alike_are_counted(made, monkeypatch):
    from rfmae.workflows.auditing import audit_rows

    recipe = load_recipe(made.folder / "recipe.toml")
    assert audit_rows.shared_addresses(recipe).verdict == "pass"
    streams = audit_rows.block_streams

    def without_split(seed, block):
        return streams(seed, replace(block, split="train"))

    monkeypatch.setattr(audit_rows, "block_streams", without_split)
    found = audit_rows.shared_addresses(recipe)
    assert (found.verdict, found.value) == ("leak", 12)  # two splits, three classes, two SNRs


# imported data --------------------------------------------------------------------------------


def imported(tmp_path, rng, count=120):
    """Noise of two classes in a file of somebody else."""
    label = np.tile([0, 1], count // 2)
    iq = (rng.normal(size=(count, 64)) + 1j * rng.normal(size=(count, 64))).astype(np.complex64)
    np.savez(tmp_path / "other.npz", iq=iq, label=label, snr=np.zeros(count))
    return import_dataset(
        tmp_path / "other.npz",
        tmp_path / "data",
        tmp_path,
        form="arrays",
        options=SourceOptions(arrays=ArrayOptions(classes=("a", "b"))),
        shares=(0.5, 0.1, 0.4),
    )


def test_of_imported_data_it_says_what_cannot_be_known(tmp_path, rng):
    data = imported(tmp_path, rng)
    found = named(audit(data, tmp_path / "report").report)
    assert found["shared addresses"].verdict == "note"
    assert "neighbouring windows" in found["shared addresses"].explanation
    assert "SNR against label" not in found
    assert found["metadata"].explanation.endswith("class: SNR.")


# the account ----------------------------------------------------------------------------------


def test_the_account_is_the_same_in_json_csv_and_markdown(made, tmp_path):
    message = audit(made, tmp_path / "report")
    record = json.loads((message.folder / "report.json").read_text())
    with (message.folder / "findings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    text = (message.folder / "report.md").read_text()
    names = [finding.name for finding in message.report.findings]
    assert [item["name"] for item in record["findings"]] == names
    assert [row["question"] for row in rows] == names
    assert all(name in text for name in names)
    assert record["clean"] is True
    assert record["headline"] in text
    power = record["findings"][0]["test"]
    assert float(rows[0]["p_value"]) == pytest.approx(power["p_value"])


def test_the_same_seed_gives_the_same_account(made, tmp_path):
    first, second = (audit(made, tmp_path / name, most=50).report for name in "ab")
    assert first == second
    assert first.provenance["measured"] == {"train": 50, "validation": 6, "test": 50}


def test_a_folder_of_other_content_is_refused_before_anything_is_read(made, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(ArtefactError, match="holds other files"):
        audit(made, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
