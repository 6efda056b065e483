"""Real recordings that the training has never seen."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from rfmae.captures.reading import read_capture, read_sigmf
from rfmae.captures.sigmf_writing import write_sigmf
from rfmae.signal.blind import ReceiveOptions, receive

HOME = Path(os.environ.get("RFMAE_RECORDINGS", Path(__file__).parents[2] / "shared" / "recordings"))
SYMBOLS = {
    "wifi_bpsk_symbols": "BPSK",
    "wifi_qpsk_symbols": "QPSK",
    "wifi_16qam_symbols": "16QAM",
    "wifi_64qam_symbols": "64QAM",
    "meteor_qpsk_symbols": "QPSK",
}

WAVEFORMS = {
    # the rate that is known of it in Bd, and by how many parts per million a clock may be off
    "meteor_qpsk_iq": ("QPSK", 72000.0, 50),
    "entrysat_bpsk_iq": ("BPSK", 9570.5, 600),
    "picsat_9k6_bpsk_iq": ("BPSK", 9565.2, 600),
    "pwsat2_bpsk_iq": ("BPSK", 1196.8, 600),
}
UNLOCKED = ("orbicraft_gmsk_iq", "toy_gfsk_iq", "wmbus_2fsk_iq", "V16-beacon-NB-IoT-uplink")

pytestmark = pytest.mark.skipif(
    not HOME.is_dir(), reason=f"no recordings in {HOME}; name their folder in RFMAE_RECORDINGS"
)


EVERY = pytest.mark.parametrize(
    "path", sorted(HOME.glob("*.sigmf-meta")), ids=lambda path: path.stem
)
RFMAE = [sys.executable, "-c", "from rfmae_cli.start import main; main()"]


@EVERY
def test_every_recording_is_read_whole(path):
    capture = read_sigmf(path)
    meta = json.loads(path.read_text())
    reach = max(
        (item["core:sample_start"] + item["core:sample_count"] for item in meta["annotations"]),
        default=0,
    )
    assert len(capture.iq) >= reach > 0
    assert capture.sample_rate_hz == meta["global"]["core:sample_rate"]


@EVERY
def test_every_recording_is_read_as_the_sigmf_package_reads_it(path):
    import sigmf

    theirs = np.asarray(sigmf.fromfile(path).read_samples(), np.complex64)
    assert np.array_equal(read_capture(path).iq, theirs)
    assert np.array_equal(read_capture(path, first_sample=1000, count=500).iq, theirs[1000:1500])


@EVERY
def test_every_recording_is_read_from_its_bare_samples(path, tmp_path):
    known = read_capture(path.with_suffix(".sigmf-data"))
    bare = tmp_path / "samples.bin"
    bare.symlink_to(path.with_suffix(".sigmf-data"))
    raw = read_capture(bare, datatype=known.datatype, sample_rate_hz=known.sample_rate_hz)
    assert np.array_equal(raw.iq, known.iq)


@EVERY
def test_every_recording_is_written_and_read_back(path, tmp_path):
    whole = read_capture(path)
    centre_hz = whole.segments[0].centre_frequency_hz
    meta = write_sigmf(
        tmp_path / "again",
        whole.iq,
        sample_rate_hz=whole.sample_rate_hz,
        annotations=whole.annotations,
        centre_frequency_hz=centre_hz,
    )
    again = read_capture(meta)
    assert np.array_equal(again.iq, whole.iq)
    # edges that are not stated are nan, which equals nothing but is written alike
    assert repr(again.annotations) == repr(whole.annotations)
    assert again.labels == whole.labels


def test_a_wav_holds_the_signal_of_its_twin_in_sigmf():
    wav, twin = (
        read_capture(HOME / "meteor_small.wav"),
        read_capture(HOME / "meteor_qpsk_iq.sigmf-meta"),
    )
    assert wav.sample_rate_hz == twin.sample_rate_hz
    # the twin has another gain and was rounded again, which 16 bits show in the fourth digit
    likeness = abs(np.vdot(wav.iq, twin.iq)) / np.linalg.norm(wav.iq) / np.linalg.norm(twin.iq)
    assert likeness == pytest.approx(1.0, abs=1e-6)


def test_marked_bursts_lie_in_their_band_and_not_in_its_mirror():
    capture = read_capture(HOME / "V16-beacon-NB-IoT-uplink.sigmf-meta")
    assert capture.segments[0].centre_frequency_hz == 832344126.0
    for mark in capture.annotations:
        burst = capture.iq[mark.start : mark.start + mark.count]
        power = np.abs(np.fft.fft(burst)) ** 2
        frequency_hz = np.fft.fftfreq(len(burst), 1 / capture.sample_rate_hz)
        inside = (mark.low_hz <= frequency_hz) & (frequency_hz <= mark.high_hz)
        mirror = (mark.low_hz <= -frequency_hz) & (-frequency_hz <= mark.high_hz)
        assert power[inside].sum() > 2 * power[mirror & ~inside].sum()


@pytest.mark.parametrize("name", WAVEFORMS)
def test_the_receiver_locks_to_linear_modulations_at_their_rate(name):
    modulation, rate_hz, ppm = WAVEFORMS[name]
    capture = read_capture(HOME / f"{name}.sigmf-meta")
    found = receive(capture.iq, ReceiveOptions(capture.sample_rate_hz))
    assert found.locked, found.doubts
    assert found.power == {"BPSK": 2, "QPSK": 4}[modulation]
    assert found.symbol_rate.value == pytest.approx(rate_hz, rel=ppm * 1e-6)
    # beside the peak of the plain periodogram of the power, as exactly as that shows it
    power = np.abs(capture.iq) ** 2
    spectrum = np.abs(np.fft.rfft((power - power.mean()) * np.hanning(len(power)), 8 * len(power)))
    step_hz = capture.sample_rate_hz / (8 * len(power))
    around = range(int(0.9 * rate_hz / step_hz), int(1.1 * rate_hz / step_hz))
    peak_hz = (around.start + int(spectrum[around.start : around.stop].argmax())) * step_hz
    assert abs(found.symbol_rate.value - peak_hz) < 4 * step_hz


@pytest.mark.parametrize("name", UNLOCKED)
def test_the_receiver_does_not_lock_to_others(name):
    capture = read_capture(HOME / f"{name}.sigmf-meta")
    assert not receive(capture.iq, ReceiveOptions(capture.sample_rate_hz)).locked


@pytest.mark.slow
def test_a_model_trained_on_synthetic_symbols_names_real_ones(succeed, tmp_path):
    command = ["quickstart", "--recipe", "sdr-linear", "--labels", "0", "--out", "sdr"]
    succeed([*RFMAE, *command], tmp_path)
    (model,) = (tmp_path / "sdr" / "runs").glob("finetune-sdr-linear-*")
    known = {**SYMBOLS, **{name: truth for name, (truth, *_) in WAVEFORMS.items()}}
    paths = [HOME / f"{name}.sigmf-meta" for name in (*known, *UNLOCKED)]
    answers = json.loads(
        succeed([*RFMAE, "classify", *paths, "--model", model, "--json"], tmp_path)
    )
    named = {Path(answer["recording"]).stem: answer["class"] for answer in answers}
    assert sum(named[name] == truth for name, truth in SYMBOLS.items()) >= 4, named
    assert sum(named[name] == truth for name, (truth, *_) in WAVEFORMS.items()) >= 3, named
    assert {named[name] for name in UNLOCKED} == {"unknown"}
    for answer in answers:
        truth = known.get(Path(answer["recording"]).stem)
        assert answer["class"] in (truth, "unknown") or answer["probability"] < 0.5, answer
