"""`rfmae classify` without a model: a table or JSON, files that fail, annotations, streams."""

import json
from pathlib import Path

import made_bursts as made
import numpy as np
import pytest
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.captures.reading import read_capture


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """What an identification finds in any recording, and what it was told."""
    seen = []

    def identify(iq, sample_rate_hz, options):
        seen.append((iq, sample_rate_hz, options))
        return made.answer(made.burst(), made.unknown(), notes=("a spike was removed",))

    monkeypatch.setattr("rfmae.workflows.inspect.identified.identify", identify)
    return seen


@pytest.fixture
def recording(here):
    return made.write_recording(here)


def test_bursts_are_a_table_with_reasons_and_notes(rfmae, recording):
    done = rfmae("classify", recording)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (
        lines[0] == f"{recording}: 2 bursts in 0.2 s at 1 Msamples/s around "
        "433.92 MHz (labelled mine)"
    )
    assert lines[1].split() == ["time", "in", "s", "centre", "bandwidth", "SNR", "modulation",
                                "probability", "symbol", "rate", "carrier", "offset"]  # fmt: skip
    assert lines[2].startswith("0.020–0.050  434.070 MHz") and "QPSK" in lines[2]
    assert lines[4:6] == [
        "    unknown: like none of the classes",
        "    the most probable class is QPSK, 0.41",
    ]
    assert lines[6] == "note: a spike was removed"


def test_windows_are_lines_beneath(rfmae, recording):
    lines = rfmae("classify", recording, "--windows").stdout.splitlines()
    assert lines[3:5] == ["    window 0: QPSK, 0.90", "    window 1: BPSK, 0.70"]


def test_json_holds_everything_with_units_in_the_names(rfmae, recording):
    (found,) = json.loads(rfmae("classify", recording, "--json").stdout)
    assert found["centre_frequency_hz"] == made.CENTRE and found["labels"] == ["mine"]
    first, second = found["bursts"]
    assert first["start_s"] == 0.02 and first["stop_sample"] == 50_000
    assert first["centre_frequency_hz"] == made.CENTRE + 150e3
    assert first["symbol_rate_hz"] == {"value": 62_500.3, "standard_error": 1.2}
    assert first["windows"][1] == {"best": "BPSK", "probability": 0.7}
    assert second["modulation"] == "unknown" and second["symbol_rate_hz"] is None
    assert second["reasons"] == ["like none of the classes"]


def test_every_field_of_the_json_is_explained(rfmae, recording):
    text = (Path(__file__).parents[2] / "docs" / "classify.md").read_text(encoding="utf-8")
    (found,) = json.loads(rfmae("classify", recording, "--json").stdout)
    missing = [name for name in [*found, *found["bursts"][0]] if f"`{name}`" not in text]
    assert missing == []


def test_a_bad_file_does_not_stop_the_others(rfmae, here, recording):
    (here / "a.bin").write_bytes(bytes(7))
    np.full(4000, 1e30, "<f4").tofile(here / "b.cf32")  # no level of any recording
    names = ("a.bin", recording, "gone-in-between.cf32", "b.cf32")
    (here / "gone-in-between.cf32").mkdir()
    done = rfmae("classify", *names)
    assert done.exit_code == 2
    assert done.stdout.count("time in s") == 1
    errors = done.stderr.splitlines()
    assert [line.split()[0] for line in errors] == ["error:"] * 3
    assert "a.bin" in errors[0] and "gone-in-between" in errors[1]
    done = rfmae("classify", *names, "--json")
    assert done.exit_code == 2
    entries = json.loads(done.stdout)
    assert ["error" in entry for entry in entries] == [True, False, True, True]
    assert entries[0]["recording"] == "a.bin"


def test_a_recording_that_is_not_there_does_not_stop_the_others(rfmae, recording):
    done = rfmae("classify", "nowhere.cf32", recording)
    assert done.exit_code == 2 and done.stdout.count("time in s") == 1
    assert done.stderr == "error: no recording nowhere.cf32\n"
    assert rfmae("classify", "nowhere.cf32").exit_code == 2


def test_samples_of_another_type_are_refused_with_the_likely_one(rfmae, here, rng):
    (0.1 * rng.normal(size=8000)).astype("<f4").tofile(here / "a.bin")
    done = rfmae("classify", "a.bin", "--dtype", "ci16", "--rate", 1e6)
    assert done.exit_code == 2
    assert "hardly ci16_le; name its type, such as --dtype cf32" in done.stderr


def test_samples_that_are_no_numbers_reach_the_identification(rfmae, here, found):
    iq = np.exp(0.1j * np.arange(1000)).astype("<c8")
    iq[100:200] = np.nan
    iq.tofile(here / "a.cf32")
    assert rfmae("classify", "a.cf32", "--rate", 1e6).exit_code == 0
    assert np.isnan(found[0][0]).sum() == 100


def test_what_a_user_says_is_passed_on_from_the_centre(rfmae, recording, found):
    told = ("--symbol-rate", 9600, "--bandwidth", 2e4, "--roll-off", 0.3)
    for centre in (433.97e6, 50e3):
        assert rfmae("classify", recording, *told, "--centre", centre).exit_code == 0
        options = found[-1][2]
        assert (options.symbol_rate_hz, options.bandwidth_hz, options.roll_off) == (9600, 2e4, 0.3)
        assert options.centre_hz == pytest.approx(50e3)
    done = rfmae("classify", recording, "--centre", 1e6)
    assert done.exit_code == 2 and "--centre must lie within ±500000 Hz" in done.stderr


def test_annotations_are_written_beside_and_nothing_is_overwritten(rfmae, here, recording):
    before = recording.read_bytes()
    done = rfmae("classify", recording, "--annotate")
    assert done.exit_code == 0, done.stderr
    target = here / "three-bursts.sigmf-meta"
    assert f"written: {target}" in done.stdout
    labels = [mark.label for mark in read_capture(target).annotations]
    assert labels == ["QPSK", "mine", "unknown"] and recording.read_bytes() == before
    done = rfmae("classify", recording, "--annotate")
    assert done.exit_code == 2 and "exists; choose another name" in done.stderr
    done = rfmae("classify", recording, "--annotate", "--out", "other.sigmf-meta", "--json")
    assert json.loads(done.stdout)[0]["written"] == ["other.sigmf-meta"]
    assert (here / "other.sigmf-meta").is_file()


def test_standard_input_is_a_recording(here):
    iq = np.exp(0.1j * np.arange(1000)).astype("<c8").tobytes()
    run = ["classify", "-", "--dtype", "cf32", "--sample-rate", "1e6", "--json"]
    done = CliRunner().invoke(app, run, input=iq)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)[0]["recording"] == "-"
    done = CliRunner().invoke(app, ["classify", "-"], input=iq)
    assert done.exit_code == 2 and "name --dtype and --sample-rate" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--no-receiver"], "--no-receiver can only go with --model"),
        (["--device", "cpu"], "--device can only go with --model"),
        (["--annotate", "--report", "--out", "a.html"], "--out names the one file"),
        (["--out", "a.html"], "--out names the one file"),
        (["--follow", "--annotate"], "--annotate cannot go with --follow"),
        (["--follow", "--windows"], "--windows cannot go with --follow"),
        (["--follow", "--bandwidth", 1e3], "--bandwidth goes with --centre"),
        (["--follow"], "--follow takes raw samples on standard input alone"),
        (["--roll-off", "7"], "roll_off must lie between"),
        (["--report", "--out", "a.pdf"], "a page is named NAME.html"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(rfmae, here, recording, options, words):
    before = sorted(here.rglob("*"))
    done = rfmae("classify", recording, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert sorted(here.rglob("*")) == before


# streams ---------------------------------------------------------------------------------------


def test_a_stream_is_followed_block_by_block_with_its_latency(monkeypatch, here):
    taken = []

    def identify_stream(blocks, rate_hz, options, segment):
        assert (options.symbol_rate_hz, segment) == (9600, 1_000_000)
        seen = 0
        for block in blocks:
            taken.append(len(block))
            seen += len(block)
            if seen == 2 * 50_000:
                yield made.burst(60_000, 20_000)

    monkeypatch.setattr("rfmae.workflows.inspect.following.identify_stream", identify_stream)
    iq = np.exp(0.1j * np.arange(130_000)).astype("<c8").tobytes()
    told = [
        "classify",
        "-",
        "--follow",
        "--dtype",
        "cf32",
        "--rate",
        "1e6",
        "--symbol-rate",
        "9600",
    ]
    done = CliRunner().invoke(app, [*told, "--json"], input=iq)
    assert done.exit_code == 0, done.stderr
    (line,) = done.stdout.splitlines()
    heard = json.loads(line)
    assert heard["latency_s"] == pytest.approx(0.02)
    assert (heard["start_sample"], heard["start_s"], heard["modulation"]) == (60_000, 0.06, "QPSK")
    assert taken == [50_000, 50_000, 30_000]
    done = CliRunner().invoke(app, told, input=iq)
    assert "told 0.020 s after its end" in done.stdout and "QPSK 0.97" in done.stdout
    assert "a burst is told at most 2.05 s of the stream after its end" in done.stderr


def test_a_stream_must_be_told_its_type_and_rate_and_be_complex(here):
    for options, words in {
        (): "name --dtype and --sample-rate",
        ("--dtype", "ri16", "--rate", "1e6"): "--follow takes complex samples",
    }.items():
        done = CliRunner().invoke(app, ["classify", "-", "--follow", *options], input=b"abc")
        assert done.exit_code == 2 and words in done.stderr


def test_a_page_is_written_among_the_reports_or_where_it_is_named(rfmae, here, recording):
    done = rfmae("classify", recording, "--report")
    assert done.exit_code == 0, done.stderr
    assert "written: artifacts/reports/three-bursts.html" in done.stdout
    assert (here / "artifacts" / "reports" / "three-bursts.html").is_file()
    assert rfmae("classify", recording, "--report", "--out", "a.html").exit_code == 0
    assert (here / "a.html").is_file()


def test_a_page_of_standard_input_is_named_in_words(here):
    iq = np.exp(0.1j * np.arange(1000)).astype("<c8").tobytes()
    run = ["classify", "-", "--dtype", "cf32", "--sample-rate", "1e6", "--report"]
    done = CliRunner().invoke(app, run, input=iq)
    assert done.exit_code == 0, done.stderr
    assert "written: artifacts/reports/standard-input-bursts.html" in done.stdout


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (b"", "standard input holds no samples; it is empty"),
        (np.arange(16_384, dtype="<i4").tobytes(), "it is hardly cf32_le; name its type"),
    ],
)
def test_a_stream_that_is_none_is_refused(here, samples, words):
    run = ["classify", "-", "--dtype", "cf32", "--rate", "1e6", "--follow"]
    done = CliRunner().invoke(app, run, input=samples)
    assert done.exit_code == 2
    assert words in done.stderr.splitlines()[-1]
