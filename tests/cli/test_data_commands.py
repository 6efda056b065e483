"""Making data, bringing it in and looking at it: synth, import, show, plot."""

import json
import wave

import h5py
import numpy as np
import pytest

from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import open_dataset, write_dataset


def answer(result):
    """Standard output of a command that must succeed."""
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"
    return result.stdout


def refused(result, here, before):
    """The one line on standard error of a command that must refuse and leave nothing."""
    assert result.exit_code == 2, f"{result.exit_code}, {result.exception!r}, {result.stderr}"
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert sorted(here.rglob("*")) == before
    return result.stderr


@pytest.fixture(scope="module")
def both(tiny_toml, tmp_path_factory):
    """A data set of symbols and waveforms, with something that the channel draws."""
    text = tiny_toml.replace(
        "samples_per_symbol = 2", 'samples_per_symbol = 4\nreceiver = { observe = "both" }'
    ).replace('snr = "0:10:10"', 'snr = "0:10:10"\ncarrier_offset_turns_per_symbol = [-0.01, 0.02]')
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("made") / "both")


@pytest.fixture
def raw(here, rng):
    """A raw recording of 4,000 samples of two bytes a part."""
    np.round(rng.normal(size=8000) * 3000).astype("<i2").tofile(here / "raw.bin")
    return here / "raw.bin"


@pytest.fixture
def stereo(here):
    with wave.open(str(here / "radio.wav"), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        turning = np.exp(2j * np.pi * 0.1 * np.arange(2000)).astype(np.complex64)
        file.writeframes((20_000 * turning.view(np.float32)).astype("<i2").tobytes())
    return here / "radio.wav"


# plot ---------------------------------------------------------------------------------------

ALL = ["constellation", "trajectory", "eye", "psd", "spectrogram"]


def test_plot_draws_what_is_named_once_each(rfmae, here, both):
    message = answer(
        rfmae("plot", both.folder, "--what", "psd,constellation,psd", "--out", "a.png")
    )
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "psd; constellation in a.png" in message


def test_all_pictures_are_those_that_the_source_has(rfmae, here, both, dataset, raw, monkeypatch):
    monkeypatch.setattr("rfmae.workflows.inspect.plotting.save_figure", lambda *_: None)

    def drawn(*arguments):
        message = answer(rfmae("plot", *arguments, "--what", "all", "--out", "a.svg", "--json"))
        return json.loads(message)["pictures"]

    recording = (raw, "--dtype", "ci16", "--rate", 1e6)
    assert drawn(both.folder) == ALL
    assert drawn(dataset.folder) == ["constellation", "trajectory"]
    assert drawn(*recording) == [kind for kind in ALL if kind != "eye"]
    assert drawn(*recording, "--samples-per-symbol", 2.5) == ALL


def test_class_snr_and_row_choose_the_example(rfmae, here, both):
    def title(*arguments):
        message = answer(rfmae("plot", both.folder, "--out", "a.png", "--json", *arguments))
        return json.loads(message)["title"]

    label, snr_db = both.labels("train")
    assert title() == "BPSK, Es/N0 0 dB, row 0 of test, tiny"
    for name, point in zip(both.classes, (10, 0, 10), strict=True):
        second = np.flatnonzero((label == both.classes.index(name)) & (snr_db == point))[1]
        chosen = ("--split", "train", "--class", name.lower(), "--at-snr", point, "--row", 1)
        assert title(*chosen) == f"{name}, Es/N0 {point} dB, row {second} of train, tiny"


def test_the_default_figure_is_named_after_its_source(rfmae, here, both):
    message = json.loads(answer(rfmae("plot", both.folder, "--what", "psd", "--json")))
    assert message["figure"] == "artifacts/figures/both-psd.png"
    assert (here / message["figure"]).is_file()


def test_a_recording_says_its_rate_and_where_the_picture_begins(rfmae, here, stereo):
    message = answer(
        rfmae("plot", stereo, "--first-sample", 500, "--count", 1000, "--out", "a.png", "--json")
    )
    title = json.loads(message)["title"]
    assert title == "radio.wav, 48,000 samples/s, from sample 500"


PLOTS = {
    "a suffix": ("{both} --out a.pdf", ["'a.pdf'", ".png or .svg", "--out"]),
    "no suffix": ("{both} --out figure", ["'figure'", ".png or .svg"]),
    "a folder": ("{both} --out folder.png", ["folder.png is a folder"]),
    "under a file": ("{both} --out raw.bin/a.png", ["raw.bin/a.png", "is a file"]),
    "a kind": ("{both} --what psd,eyes", ["'eyes'", "did you mean eye"]),
    "no kind": ("{both} --what ,", ["--what", "constellation"]),
    "no source": ("nowhere", ["nowhere", "no such file or folder"]),
    "no data set": ("thesis", ["thesis", "card.json"]),
    "a class": ("{both} --class BPKS", ["'BPKS'", "did you mean BPSK"]),
    "an SNR": ("{both} --at-snr 3", ["3 dB", "0, 10 dB"]),
    "an SNR of a class": ("{both} --class BPSK --at-snr 3", ["BPSK at 3 dB", "0, 10 dB"]),
    "a row": ("{both} --row 6", ["--row", "0 to 5", "got 6"]),
    "a split": ("{both} --split tset", ["'tset'", "did you mean test"]),
    "a type of a data set": ("{both} --dtype ci16", ["--dtype", "data set", "--class"]),
    "a part of a data set": ("{both} --count 5", ["--count", "data set", "--row"]),
    "psd of symbols": ("{symbols} --what psd", ["psd needs waveforms", "symbols", "observe"]),
    "eye of symbols": ("{symbols} --what eye", ["eye needs waveforms", "symbols", "observe"]),
    "raw without a type": ("raw.bin", ["--dtype", "--rate", "raw.bin"]),
    "raw without a rate": ("raw.bin --dtype ci16", ["--rate", "raw.bin"]),
    "an unknown type": ("raw.bin --dtype ci61 --rate 1", ["'ci61'", "ci16"]),
    "a rate": ("raw.bin --dtype ci16 --rate 0", ["--rate", "positive", "0"]),
    "a class of a recording": ("{raw} --class BPSK", ["--class", "raw.bin", "--first-sample"]),
    "an SNR of a recording": ("{raw} --at-snr 10", ["--at-snr", "raw.bin", "--first-sample"]),
    "too many samples": ("{raw} --count 4001", ["4000 samples", "raw.bin"]),
    "an unknown symbol rate": ("{raw} --what eye", ["raw.bin", "--samples-per-symbol"]),
    "a symbol rate": ("{raw} --samples-per-symbol 0.5", ["at least 1", "0.5"]),
    "too few samples": ("{raw} --what psd --count 15", ["at least 16 samples", "15"]),
    "a foreign data set": ("radioml.pkl", ["radioml.pkl", "rfmae import"]),
}


@pytest.mark.parametrize(("command", "words"), PLOTS.values(), ids=list(PLOTS))
def test_a_plot_that_cannot_be_is_refused_in_one_line(
    rfmae, here, both, dataset, raw, command, words
):
    (here / "thesis").mkdir()
    (here / "folder.png").mkdir()
    (here / "radioml.pkl").write_bytes(b"\x80\x02}.")
    before = sorted(here.rglob("*"))
    recording = "raw.bin --dtype ci16 --rate 1e6"
    filled = command.format(both=both.folder, symbols=dataset.folder, raw=recording)
    said = refused(rfmae("plot", *filled.split()), here, before)
    assert [word for word in words if word not in said] == []


# show ---------------------------------------------------------------------------------------


def braille(text):
    return sum(0x2800 < ord(character) < 0x2900 for character in text)


def test_show_tells_of_a_data_set_how_much_there_is_of_what(rfmae, both):
    message = answer(rfmae("show", both.folder))
    for words in (
        "train: 12 examples of 3 classes at 2 SNR points, 2 of each",
        "test: 6 examples of 3 classes at 2 SNR points, 1 of each",
        "carrier_offset_turns_per_symbol",
        "source pulse shape",
        "size on disk",
        "views waveform samples",
    ):
        assert words in message
    assert braille(message) > 10


def test_show_answers_machines_with_the_same_and_no_sketch(rfmae, both):
    message = answer(rfmae("show", both.folder, "--json"))
    facts = json.loads(message)
    label, _ = both.labels("train")
    assert braille(message) == 0
    assert facts["counts"]["snr_db"] == [0.0, 10.0]
    assert facts["counts"]["train"] == {name: [2, 2] for name in both.classes}
    assert sum(map(sum, facts["counts"]["train"].values())) == len(label)
    low, high = facts["drawn_ranges"]["carrier_offset_turns_per_symbol"]
    assert -0.01 <= low < high <= 0.02
    assert facts["bytes"] == sum(file.stat().st_size for file in both.folder.iterdir())
    assert facts["recipe"]["name"] == "tiny"


def test_counts_that_differ_are_reported_in_a_table(rfmae, capsys):
    from rfmae_cli import show_view

    counts = {"snr_db": [-5.0, None], "train": {"BPSK": [12, 3], "QPSK": [0, 7]}}
    show_view.print_facts({"kind": "dataset", "counts": counts, "drawn_ranges": {}}, "", [])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["BPSK", "12", "3"] in lines
    assert ["QPSK", "0", "7"] in lines
    assert ["SNR", "in", "dB", "-5", "not", "stated"] in lines


def test_show_tells_rate_length_type_and_level_of_a_recording(rfmae, raw, stereo):
    facts = json.loads(answer(rfmae("show", stereo, "--json")))
    assert facts["samples"] == 2000
    assert facts["sample_rate_hz"] == 48_000
    assert facts["seconds"] == pytest.approx(2000 / 48_000)
    # of a turning vector of 20,000 in full scale 32,768: both levels are -4.29 dB
    assert facts["rms_level_db"] == pytest.approx(-4.29, abs=0.01)
    assert facts["peak_level_db"] == pytest.approx(-4.29, abs=0.01)
    message = answer(rfmae("show", raw, "--dtype", "ci16", "--rate", 2e6))
    assert "0.002" in message
    assert "ci16_le" in message
    assert braille(message) > 10


def test_silence_has_no_level(rfmae, here):
    np.zeros(64, np.complex64).tofile(here / "silence.cf32")
    facts = json.loads(answer(rfmae("show", "silence.cf32", "--rate", 1, "--json")))
    assert facts["rms_level_db"] is None
    assert facts["peak_level_db"] is None


def test_a_recording_with_many_marks_is_reported_briefly(rfmae, here, record):
    recording = record(here / "many")
    meta = json.loads(recording.read_text())
    mark = {"core:sample_start": 0, "core:sample_count": 9, "core:comment": "one\nand\nthe same"}
    meta["annotations"] = [mark] * 100
    recording.write_text(json.dumps(meta))
    message = answer(rfmae("show", recording))
    assert "and 88 more; --json lists all" in message
    assert "one and the same" in message
    assert len(json.loads(answer(rfmae("show", recording, "--json")))["annotations"]) == 100


def test_a_terminal_without_braille_gets_no_sketch(monkeypatch, capsys):
    from rfmae_cli import show_view

    class Plain:
        encoding = "ascii"

    said = []
    monkeypatch.setattr(show_view.sys, "stdout", Plain())
    monkeypatch.setattr(show_view.console, "say", said.append)
    show_view.print_facts({"kind": "recording"}, "a caption", ["⠁"])
    assert said == ["kind  recording"]


def test_a_public_data_set_is_shown_before_it_is_imported(rfmae, here, rng):
    points = np.tile(np.arange(-20, 32, 2), 24)
    with h5py.File(here / "gold.hdf5", "w") as file:
        file["X"] = rng.normal(size=(624, 1024, 2)).astype(np.float32)
        file["Y"] = np.eye(24, dtype=int)[np.repeat(np.arange(24), 26)]
        file["Z"] = points[:, None]
    facts = json.loads(answer(rfmae("show", "gold.hdf5", "--json")))
    assert facts["kind"] == "radioml-2018 before import"
    assert facts["examples"] == 624
    assert len(facts["classes"]) == 24
    message = answer(rfmae("show", "gold.hdf5"))
    assert "note: the file holds 624 of" in message
    assert "OOK, 30 dB, row 25" in message
    assert braille(message) > 10


def test_a_folder_of_hisarmod_is_shown_though_it_has_no_card(rfmae, here, rng):
    for part in ("Train", "Test"):
        (here / part).mkdir()
        numbers = (f"{i:.4f}{q:+.4f}i" for i, q in rng.normal(size=(1024, 2)))
        (here / part / f"{part.lower()}_data.csv").write_text(",".join(numbers) + "\n")
        (here / part / f"{part.lower()}_labels.csv").write_text("10\n")
        (here / part / f"{part.lower()}_snr.csv").write_text("18\n")
    facts = json.loads(answer(rfmae("show", here, "--json")))
    assert facts["kind"] == "hisarmod before import"
    assert facts["own_test_split"] is True
    assert braille(answer(rfmae("show", here))) > 10


def test_arrays_without_labels_are_shown_with_their_shapes(rfmae, arrays):
    message = answer(rfmae("show", "iq.npy"))
    assert "float32 60 x 2 x 32" in message
    assert "name a file with --label-file" in message


def test_the_recordings_of_a_collection_are_listed(rfmae, here, record):
    record(here / "one")
    record(here / "two", sample_rate=2e6)
    streams = [{"name": "one", "hash": ""}, {"name": "two", "hash": ""}]
    collection = {"core:version": "1.2.0", "core:streams": streams}
    (here / "all.sigmf-collection").write_text(json.dumps({"collection": collection}))
    facts = json.loads(answer(rfmae("show", "all.sigmf-collection", "--json")))
    assert [each["name"] for each in facts["recordings"]] == ["one.sigmf-meta", "two.sigmf-meta"]
    assert facts["recordings"][1]["sample_rate_hz"] == 2e6
    assert "two.sigmf-meta" in answer(rfmae("show", "all.sigmf-collection"))


def test_a_recording_of_numpy_is_shown_and_drawn(rfmae, here, rng):
    np.save(here / "q.npy", np.exp(1j * rng.normal(size=300)))
    facts = json.loads(answer(rfmae("show", "q.npy", "--rate", "1e6", "--json")))
    assert (facts["kind"], facts["samples"]) == ("recording", 300)
    answer(rfmae("plot", "q.npy", "--rate", "1e6", "--out", "q.png"))
    assert (here / "q.png").is_file()


def test_channels_and_real_samples_are_chosen(rfmae, here, rng):
    meta = {
        "global": {"core:datatype": "ri16_le", "core:version": "1.2.0", "core:num_channels": 2},
        "captures": [],
        "annotations": [],
    }
    (here / "r.sigmf-meta").write_text(json.dumps(meta))
    rng.integers(-99, 99, 1200).astype("<i2").tofile(here / "r.sigmf-data")
    options = ["--channel", "1", "--analytic"]
    facts = json.loads(answer(rfmae("show", "r.sigmf-meta", *options, "--json")))
    assert (facts["samples"], facts["datatype"]) == (600, "ri16_le")
    assert "negative frequencies were removed" in facts["notes"][0]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("words.csv", ["words.csv", "lacks a column of files"]),
        ("nowhere", ["nowhere", "no such file or folder"]),
        ("thesis", ["thesis", "card.json"]),
        ("x" * 300, ["xxx"]),
        ("raw.bin", ["raw.bin", "--dtype", "--rate"]),
        ("raw.bin --dtype ci16", ["raw.bin", "--rate"]),
        ("empty.sigmf-meta", ["empty.sigmf-meta", "JSON"]),
    ],
)
def test_what_cannot_be_shown_is_named(rfmae, here, raw, path, words):
    (here / "thesis").mkdir()
    (here / "empty.sigmf-meta").touch()
    (here / "words.csv").write_text("no numbers")
    before = sorted(here.rglob("*"))
    said = refused(rfmae("show", *path.split()), here, before)
    assert [word for word in words if word not in said] == []


# synth --------------------------------------------------------------------------------------


def test_synth_as_sigmf_is_a_recording_of_each_split(rfmae, here, tiny_toml):
    (here / "tiny.toml").write_text(tiny_toml)
    command = ("synth", "--recipe", "tiny.toml", "--out", "out", "--format", "sigmf")
    answer(rfmae(*command))
    metas = sorted((here / "out").glob("*.sigmf-meta"))
    assert len(metas) == 3
    assert "is there already" in rfmae(*command).stderr
    facts = json.loads(answer(rfmae("show", metas[0], "--json")))
    assert facts["labels"] == ["16QAM", "BPSK", "GMSK"]


def test_synth_on_another_backend_gives_the_same_data_set(rfmae, here, tiny_toml, dataset):
    (here / "tiny.toml").write_text(tiny_toml)
    options = ("--workers", 2, "--backend", "threading", "--out", "out")
    answer(rfmae("synth", "--recipe", "tiny.toml", *options))
    made = open_dataset(here / "out")
    assert (made.folder / "train.h5").read_bytes() == (dataset.folder / "train.h5").read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--format hdf6", ["--format", "'hdf6'", "did you mean hdf5"]),
        ("--backend loki", ["'loki'", "loky"]),
        ("--scheduler tcp://127.0.0.1:1", ["scheduler", "--backend dask"]),
    ],
)
def test_a_wrong_option_of_synth_is_named(rfmae, here, tiny_toml, options, words):
    (here / "tiny.toml").write_text(tiny_toml)
    before = sorted(here.rglob("*"))
    command = f"synth --recipe tiny.toml --out out {options}"
    said = refused(rfmae(*command.split()), here, before)
    assert [word for word in words if word not in said] == []


# import -------------------------------------------------------------------------------------


@pytest.fixture
def arrays(here, rng):
    """Two classes in an array with their labels and SNR."""
    np.save(here / "iq.npy", rng.normal(size=(60, 2, 32)).astype(np.float32))
    np.save(here / "labels.npy", np.tile([0, 1], 30))
    np.save(here / "snr.npy", np.repeat([0.0, 10.0], 30))
    options = ["--label-file", "labels.npy", "--snr-file", "snr.npy", "--classes", "BPSK,QPSK"]
    return ["import", "iq.npy", *options]


def test_an_array_is_imported_shown_and_plotted(rfmae, here, arrays):
    message = json.loads(answer(rfmae(*arrays, "--out", "mine", "--json")))
    assert sum(message["examples"].values()) == 60
    assert message["classes"] == ["BPSK", "QPSK"]
    facts = json.loads(answer(rfmae("show", "mine", "--json")))
    assert (
        sum(sum(row) for row in facts["counts"]["train"].values()) == message["examples"]["train"]
    )
    drawn = rfmae("plot", "mine", "--split", "train", "--what", "all", "--out", "a.png", "--json")
    assert json.loads(answer(drawn))["pictures"] == [kind for kind in ALL if kind != "eye"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--shares 0.8,0.2", ["--shares", "3 numbers", "'0.8,0.2'"]),
        ("--shares most,some,few", ["--shares", "3 numbers"]),
        ("--shares 0.8,0.1,0.4", ["share"]),
        ("--format radioml", ["'radioml'"]),
        ("--label-file nowhere.csv", ["nowhere.csv"]),
        ("--classes BPSK", ["classes"]),
        ("--samples-per-symbol 0", ["samples", "0"]),
    ],
)
def test_an_import_that_cannot_be_is_refused_in_one_line(rfmae, here, arrays, options, words):
    before = sorted(here.rglob("*"))
    said = refused(rfmae(*arrays, "--out", "mine", *options.split()), here, before)
    assert [word for word in words if word not in said] == []


# a band, what is marked, the loudest stretch ----------------------------------------------------


@pytest.fixture
def burst(here, rng):
    """Noise with one loud burst, which is marked, 100 kHz above the centre of 433.92 MHz."""
    iq = 0.01 * rng.normal(size=(40_000, 2)).view(complex)[:, 0]
    iq[25_000:30_000] += 0.5 * np.exp(2j * np.pi * 0.1 * np.arange(5000))
    iq.astype("<c8").tofile(here / "burst.sigmf-data")
    edges = {"core:freq_lower_edge": 434.0e6, "core:freq_upper_edge": 434.04e6}
    mark = {"core:sample_start": 25_000, "core:sample_count": 5000, "core:label": "tone"} | edges
    meta = {
        "global": {
            "core:datatype": "cf32_le",
            "core:version": "1.2.0",
            "core:sample_rate": 1e6,
        },
        "captures": [{"core:sample_start": 0, "core:frequency": 433.92e6}],
        "annotations": [mark],
    }
    (here / "burst.sigmf-meta").write_text(json.dumps(meta))
    return here / "burst.sigmf-meta"


def test_show_sketches_the_loudest_stretch_of_a_band(rfmae, burst):
    said = answer(rfmae("show", burst))
    assert "of 40,000, the loudest: 0.02" in said
    said = answer(rfmae("show", burst, "--band", "434.0M:434.04M"))
    assert "band               434,000,000 to 434,040,000 Hz" in said
    assert "of 2,000 of the band" not in said  # it has fewer samples than are sketched
    assert "all 2,000 samples of the band" in said


def test_plot_frames_marks_at_their_frequencies_in_a_band_too(rfmae, here, burst, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "rfmae.workflows.inspect.plotting.save_figure", lambda figure, _: drawn.append(figure)
    )
    for options in ([], ["--band", "50e3:150e3"]):
        answer(rfmae("plot", burst, "--what", "spectrogram", "--out", "a.png", *options))
        axes = drawn[-1].axes[0]
        (frame,) = axes.patches
        assert axes.get_ylabel() == "frequency in MHz"
        assert frame.get_bbox().bounds == pytest.approx((25, 434.0, 5, 0.04), abs=0.03)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("plot burst.sigmf-meta --band 5:1", "--band must be LOW:HIGH with the lower edge first"),
        ("show burst.sigmf-meta --band 5", "--band must be LOW:HIGH in Hz"),
        ("plot burst.sigmf-meta --band 2e6:3e6", "--band must lie within -500000:500000 Hz"),
        ("plot {both} --band 1:5", "--band is for recordings"),
        ("show {both} --band 1:5", "--band is for recordings"),
    ],
)
def test_a_band_that_cannot_be_is_refused(rfmae, here, both, burst, command, words):
    before = sorted(here.rglob("*"))
    assert words in refused(rfmae(*command.format(both=both.folder).split()), here, before)
