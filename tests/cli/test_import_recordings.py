"""Recordings are imported by the command line as anyone with a radio has them."""

import json

import numpy as np
import pytest


@pytest.fixture
def recordings(here, rng):
    """One long recording of each of two classes, in folders that are named by class."""
    written = {}
    for points, name in ((2, "BPSK"), (4, "QPSK")):
        iq = np.exp(2j * np.pi * rng.integers(0, points, 40000) / points)
        noise = rng.normal(size=40000) + 1j * rng.normal(size=40000)
        written[name] = (iq + 0.1 * noise).astype(np.complex64)
        (here / "recordings" / name).mkdir(parents=True)
        written[name].tofile(here / "recordings" / name / "rec.cf32")
    return written


def answer(result):
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(result, here):
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert not (here / "d").exists()
    return lines[0]


def test_a_long_recording_of_each_class_becomes_a_data_set(rfmae, here, recordings):
    said = rfmae("import", "recordings", "--samples", 128, "--out", "d")
    assert "624 " not in answer(said)  # a gap is left out
    assert "BPSK (1 recording, 312 windows)" in said.stderr
    assert "windows of 128 samples" in said.stderr
    assert "divided in time" in said.stderr
    from rfmae.datasets.store import open_dataset

    data = open_dataset(here / "d")
    places = {
        iq[first : first + 128].tobytes(): (name, first)
        for name, iq in recordings.items()
        for first in range(0, 40000 - 127, 128)
    }
    found = {
        split: [places[row.tobytes()] for row in data.read_observed(split).iq]
        for split in ("train", "validation", "test")
    }
    assert sum(map(len, found.values())) == 2 * 310
    for name in recordings:
        ends = [
            (min(first), max(first) + 128)
            for rows in found.values()
            if (first := [place for each, place in rows if each == name])
        ]
        assert ends[0][1] + 128 <= ends[1][0]
        assert ends[1][1] + 128 <= ends[2][0]


def test_recordings_are_shown_before_their_import(rfmae, here, recordings):
    facts = json.loads(answer(rfmae("show", "recordings", "--json")))
    assert facts["classes"] == {"BPSK": 1, "QPSK": 1}
    assert "rfmae import" in facts["way_on"]
    (here / "t.csv").write_text("file,label\nrecordings/BPSK/rec.cf32,x\n")
    assert json.loads(answer(rfmae("show", "t.csv", "--json")))["classes"] == {"x": 1}


def test_whole_recordings_that_cannot_be_divided_ask_for_samples(rfmae, here, recordings):
    assert "--samples" in refusal(rfmae("import", "recordings", "--out", "d"), here)


def test_a_table_with_splits_keeps_them(rfmae, here, rng):
    lines = ["file,label,snr,split"]
    for number in range(12):
        iq = rng.normal(size=600).astype(np.complex64)
        iq.tofile(here / f"{number}.cf32")
        split = ("train", "train", "val", "test")[number % 4]
        lines.append(f"{number}.cf32,{'ab'[number // 4 % 2]},{number % 3},{split}")
    (here / "table.csv").write_text("\n".join(lines))
    answer(rfmae("import", "table.csv", "--samples", 200, "--out", "d"))
    card = json.loads((here / "d" / "card.json").read_text())
    assert card["examples"] == {"train": 18, "validation": 9, "test": 9}
    assert card["snr_db"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--samples", 0], "--samples must be a whole number"),
        (["--samples", 128, "--hop", -1], "--hop must be a whole number"),
        (["--samples", 10**6], "no window of 1,000,000 samples fits"),
        (["--samples", 128, "--test", "nowhere"], "nowhere"),
        (["--samples", 128, "--test", "recordings"], "share no samples"),
        (["--samples", 128, "--classes", "PQSK"], "did you mean QPSK"),
        (["--samples", 128, "--merge", "PSK"], "NEW=OLD"),
        (["--samples", 128, "--label-file", "labels.csv"], "labels.csv"),
        (["--samples", 128, "--dtype", "rf32"], "--analytic"),
        (["--samples", 128, "--channel", 1], "has 1 channel"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_nothing(rfmae, here, recordings, options, words):
    assert words in refusal(rfmae("import", "recordings", *options, "--out", "d"), here)


def test_options_of_recordings_are_refused_for_arrays(rfmae, here, rng):
    np.savez(here / "a.npz", X=rng.normal(size=(60, 2, 32)), y=np.tile(["a", "b"], 30))
    said = rfmae("import", "a.npz", "--dtype", "cf32", "--out", "d")
    assert "are for recordings" in refusal(said, here)


def test_classes_of_arrays_are_chosen_and_merged(rfmae, here, rng):
    np.savez(here / "a.npz", X=rng.normal(size=(120, 2, 32)), y=np.tile(["a", "b", "c", "d"], 30))
    options = ["--merge", "ab=a,b", "--classes", "ab,d"]
    answer(rfmae("import", "a.npz", *options, "--out", "d"))
    card = json.loads((here / "d" / "card.json").read_text())
    assert card["classes"] == ["ab", "d"]
    assert sum(card["examples"].values()) == 90


def test_one_class_is_said_as_one_with_the_windows_that_are_left_out(rfmae, here, rng):
    (here / "r" / "BPSK").mkdir(parents=True)
    iq = rng.normal(size=5000) + 1j * rng.normal(size=5000)
    iq.astype(np.complex64).tofile(here / "r" / "BPSK" / "a.cf32")
    said = rfmae("import", "r", "--samples", 1000, "--out", "d")
    answer(said)
    words = "1 class: BPSK (1 recording, 5 windows); windows of 1,000 samples; "
    assert words + "1 train, 1 validation, 1 test, 2 left out" in " ".join(said.stderr.split())


def test_a_hop_without_a_length_is_refused(rfmae, here, recordings):
    said = refusal(rfmae("import", "recordings", "--hop", 64, "--out", "d"), here)
    assert "--hop is for windows of --samples; name both" in said
