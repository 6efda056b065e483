"""The type and the rate of raw files: what their values and their names settle, and what not."""

import math

import numpy as np
import pytest

from rfmae.captures.file_names import stated_by_name
from rfmae.captures.likely_types import likely_types, settled_type
from rfmae.captures.reading import read_capture
from rfmae.captures.sample_types import SAMPLE_TYPES
from rfmae.errors import CaptureError


def recording(rng, kind, level=0.3):
    """Signals of several kinds at a level, in one after the other."""
    count = 4096
    qpsk = np.exp(0.25j * np.pi * (2 * rng.integers(0, 4, count) + 1))
    return {
        "noise": rng.normal(size=count) + 1j * rng.normal(size=count),
        "QPSK": qpsk + 0.03 * (rng.normal(size=count) + 1j * rng.normal(size=count)),
        "tone": np.exp(0.3j * np.arange(count)),
        "keyed": (np.arange(count) // 100 % 2) * np.exp(0.3j * np.arange(count))
        + 0.01 * (rng.normal(size=count) + 1j * rng.normal(size=count)),
    }[kind] * level


def encoded(iq, name):
    kind = SAMPLE_TYPES[name]
    parts = np.stack([iq.real, iq.imag], 1).ravel() * kind.full_scale + kind.zero
    if kind.full_scale == 1.0:
        return parts.astype(kind.component).tobytes()
    limits = np.iinfo(kind.component)
    return np.clip(np.round(parts), limits.min, limits.max).astype(kind.component).tobytes()


SIGNALS = ("noise", "QPSK", "tone", "keyed")


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", SAMPLE_TYPES)
@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
def test_values_never_settle_on_a_wrong_type(rng, signal, name, level):
    data = encoded(recording(rng, signal, level), name)
    assert settled_type(data) in (name, None)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("level", [1e-6, 0.02, 0.3, 20.0])
def test_floats_are_settled_at_any_gain(rng, signal, level):
    assert settled_type(encoded(recording(rng, signal, level), "cf32_le")) == "cf32_le"


@pytest.mark.parametrize("name", ["ci16_le", "ci8", "cu8"])
@pytest.mark.parametrize("signal", SIGNALS)
def test_a_suffix_that_says_nothing_is_refused_with_the_likely_type(tmp_path, rng, name, signal):
    path = tmp_path / "recording.iq"
    path.write_bytes(encoded(recording(rng, signal), name))
    with pytest.raises(CaptureError, match=r"name --dtype and --rate .* it is likely ") as refused:
        read_capture(path, sample_rate_hz=1e6)
    assert name in str(refused.value).rpartition("likely")[2]
    assert likely_types(path.read_bytes())[0] in ("ci16_le", "ci8")
    assert read_capture(path, datatype=name, sample_rate_hz=1e6).doubts == ()


@pytest.mark.parametrize("name", ["cf32_le", "cf64_le"])
@pytest.mark.parametrize("level", [3e3, 1e9])
def test_floats_of_a_level_that_settles_nothing_are_listed_as_floats(rng, name, level):
    data = encoded(recording(rng, "noise", level), name)
    assert settled_type(data) is None
    assert likely_types(data)[0] == name


@pytest.mark.parametrize("name", ["ci16_le", "ci16_be", "ci8", "cu8", "cu16_le", "ci32_le"])
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
def test_whole_numbers_are_not_listed_as_floats(rng, name, signal, level):
    assert not any(
        "f" in each for each in likely_types(encoded(recording(rng, signal, level), name))
    )


def test_a_type_that_the_values_settle_is_said(tmp_path, rng):
    path = tmp_path / "recording.iq"
    path.write_bytes(encoded(recording(rng, "QPSK"), "cf32_le"))
    capture = read_capture(path, sample_rate_hz=1e6)
    assert (capture.datatype, capture.notes) == ("cf32_le", ("read as cf32_le by its values",))


def test_integers_that_are_called_floats_have_a_level_that_no_recording_has(tmp_path, rng):
    path = tmp_path / "recording.cf32"
    iq = np.where(rng.random(4096) < 0.5, 0.3, 0.35) * recording(rng, "QPSK", 1.0)
    path.write_bytes(encoded(iq, "ci16_le"))
    capture = read_capture(path, sample_rate_hz=1e6)
    (doubt,) = capture.doubts
    assert "dB over 1, which no recording has: the file is hardly cf32_le" in doubt


NAMES = {
    "g001_433.92M_250k.cu8": ("rtl_433", 433.92e6, 250e3),
    "g123_868.3M_1024k.cs16": ("rtl_433", 868.3e6, 1024e3),
    "gqrx_20231014_123456_433920000_1800000_fc.raw": ("gqrx", 433.92e6, 1.8e6),
    "Signal-20180101_120000-433_92MHz-2MSps-2MHz.complex": ("URH", 433.92e6, 2e6),
    "FSK-20190101_010101-868MHz-1_5MSps-1MHz.complex16s": ("URH", 868e6, 1.5e6),
    "SDRSharp_20150804_204253Z_162025kHz_IQ.wav": ("SDR#", 162.025e6, math.nan),
    "baseband_433920000Hz_12-30-45_01-02-2023.wav": ("SDR++", 433.92e6, math.nan),
}


@pytest.mark.parametrize(("name", "stated"), NAMES.items())
def test_names_of_known_programs_state_centre_and_rate(tmp_path, name, stated):
    found = stated_by_name(tmp_path / name)
    assert found.program == stated[0]
    assert (found.centre_hz, found.rate_hz) == pytest.approx(stated[1:], nan_ok=True)


@pytest.mark.parametrize(
    "name",
    [
        "recording_433920000_250000.cu8",
        "capture_2M.cf32",
        "g1_433.92M.cu8",
        "gqrx_1_2_3.raw",
        "a.iq",
    ],
)
def test_other_names_state_nothing_and_the_rate_is_demanded(tmp_path, rng, name):
    assert stated_by_name(tmp_path / name) is None
    (tmp_path / name).write_bytes(encoded(recording(rng, "noise"), "cf32_le"))
    with pytest.raises(CaptureError, match="--rate"):
        read_capture(tmp_path / name)


def test_a_rate_by_the_name_is_said_and_one_that_is_given_goes_before(tmp_path, rng):
    path = tmp_path / "g001_433.92M_250k.cu8"
    path.write_bytes(encoded(recording(rng, "QPSK"), "cu8"))
    capture = read_capture(path)
    assert (capture.sample_rate_hz, capture.segments[0].centre_frequency_hz) == (250e3, 433.92e6)
    assert capture.notes == ("sample rate 250,000 Hz by the name of the file (rtl_433)",)
    assert read_capture(path, sample_rate_hz=1e6).sample_rate_hz == 1e6


def test_gqrx_is_single_precision(tmp_path, rng):
    path = tmp_path / "gqrx_20231014_123456_433920000_1800000_fc.raw"
    path.write_bytes(encoded(recording(rng, "QPSK"), "cf32_le"))
    assert read_capture(path).datatype == "cf32_le"


AWKWARD = {
    "a constant": lambda rng, t: np.full(len(t), 0.5 + 0.25j),
    "a constant in noise": lambda rng, t: 0.5 + 0.3j + 0.01 * recording(rng, "noise", 1.0),
    "few values": lambda rng, t: np.exp(0.25j * np.pi * (2 * rng.integers(0, 4, len(t)) + 1)),
    "real": lambda rng, t: rng.normal(size=len(t)) + 0j,
    "a chirp": lambda rng, t: np.exp(1e-5j * np.pi * t**2),
    "a burst": lambda rng, t: np.where(t > 3000, np.exp(0.1j * t), 0),
}


@pytest.mark.parametrize("signal", AWKWARD)
@pytest.mark.parametrize("count", [0, 1, 3, 20, 200, 4096])
def test_awkward_signals_and_few_samples_settle_on_no_wrong_type(rng, signal, count):
    iq = AWKWARD[signal](rng, np.arange(4096))[:count]
    for name in SAMPLE_TYPES:
        for level in (1e-3, 0.1, 0.9):
            assert settled_type(encoded(level * iq, name)) in (name, None), (name, level)


def test_a_burst_behind_silence_settles_the_type(tmp_path, rng):
    iq = np.zeros(100_000, complex)
    iq[60_000:] = 0.1 * (rng.normal(size=40_000) + 1j * rng.normal(size=40_000))
    path = tmp_path / "recording.bin"
    path.write_bytes(encoded(iq, "cf32_le"))
    assert read_capture(path, sample_rate_hz=1.0).datatype == "cf32_le"


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("wrong", ["ci16_le", "ci8", "cu8", "ci32_le"])
def test_floats_that_are_called_whole_numbers_are_doubted(tmp_path, rng, signal, wrong):
    path = tmp_path / "recording.bin"
    path.write_bytes(encoded(recording(rng, signal), "cf32_le"))
    (doubt,) = read_capture(path, datatype=wrong, sample_rate_hz=1.0).doubts
    assert f"hardly {wrong}; name its type, such as --dtype cf32" in doubt


def test_floats_in_units_of_a_converter_are_not_doubted(tmp_path, rng):
    path = tmp_path / "recording.cf32"
    np.round(recording(rng, "noise", 3000.0)).astype("c8").tofile(path)
    assert read_capture(path, sample_rate_hz=1.0).doubts == ()
