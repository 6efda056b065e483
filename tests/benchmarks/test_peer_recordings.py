"""What peers send is what the truth says, and recordings hold it at their SNR and place."""

import importlib
import sys

import numpy as np
import pytest
from genie import linear_error, prefix_likeness, turns_per_symbol

SLOW = pytest.param("torchsig_bursts", marks=pytest.mark.slow)  # it takes seconds to import
PEERS = ("our_bursts", "liquid_bursts", "gnuradio_bursts", SLOW)
EVERY = pytest.mark.parametrize("peer", PEERS)
LINEAR = (
    *("OOK", "BPSK", "QPSK", "OQPSK", "π/4-DQPSK", "8PSK", "4PAM", "16QAM", "64QAM", "16APSK"),
)


@pytest.fixture
def bursts(benchmark):
    """The first bursts of a class of a peer; a class that it lacks skips the test."""

    def of(peer, name, count=3):
        module = benchmark(f"peers.{peer}")
        if name not in module.NAMES:
            pytest.skip(f"{peer} has no {name}")
        return list(module.bursts(name, [np.random.default_rng(seed) for seed in range(count)]))

    return of


@EVERY
@pytest.mark.parametrize(
    "name",
    ["QPSK", *(pytest.param(name, marks=pytest.mark.slow) for name in LINEAR[:2] + LINEAR[3:])],
)
def test_symbols_after_the_matched_filter_are_those_of_the_class(bursts, peer, name):
    # other pulses than a root-raised cosine, short ones and the rings of others cost some per cent
    for burst in bursts(peer, name):
        assert linear_error(burst, name) < 0.06, burst.details


@EVERY
@pytest.mark.parametrize(("name", "tones"), [("2FSK/GFSK", 2), ("GMSK/MSK", 2), ("4FSK", 4)])
def test_a_symbol_turns_the_phase_by_the_index(bursts, peer, name, tones):
    for burst in bursts(peer, name):
        index = burst.details.get("modulation_index", 0.5)
        assert (name == "GMSK/MSK") == (index == 0.5)
        turned = np.abs(turns_per_symbol(burst)) / index
        assert np.quantile(turned, 0.98) == pytest.approx(tones - 1, abs=0.03), burst.details
        assert np.ptp(np.abs(burst.iq)) < 0.01


@EVERY
def test_amplitude_modulation_is_a_real_envelope_of_its_depth(bursts, peer):
    for burst in bursts(peer, "AM"):
        carrier = burst.iq.real.mean()
        assert np.abs(burst.iq.imag).max() < 1e-5 * np.abs(burst.iq.real).max()
        swing = np.abs(burst.iq.real - carrier).max() / carrier
        assert swing == pytest.approx(burst.details["modulation_index"], rel=0.15)


@EVERY
def test_frequency_modulation_has_a_constant_envelope(bursts, peer):
    for burst in bursts(peer, "FM"):
        assert np.ptp(np.abs(burst.iq)) < 0.01
        steps = np.angle(burst.iq[1:] * burst.iq[:-1].conj())
        assert 0.005 < steps.std() / (2 * np.pi) < 0.1


@EVERY
def test_ofdm_repeats_itself_by_its_prefix(bursts, peer):
    for burst in bursts(peer, "OFDM"):
        size, prefix = burst.details["fft_size"], burst.details["cyclic_prefix"]
        share = prefix / (size + prefix)
        oversampling = 4 if peer == "torchsig_bursts" else 1
        assert prefix_likeness(burst, size, oversampling) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("snr_db", [10.0, 20.0])
def test_a_recording_holds_the_burst_at_its_place_and_snr(benchmark, bursts, snr_db):
    place = benchmark("peers.bursts")
    for number, burst in enumerate(bursts("our_bursts", "QPSK")):
        rng = np.random.default_rng(number)
        made = place.recorded(burst, "QPSK", "test", snr_db, rng)
        noise = np.concatenate([made.iq[: made.start - 300], made.iq[made.stop + 300 :]])
        floor = np.mean(np.abs(noise) ** 2)
        inside = np.mean(np.abs(made.iq[made.start : made.stop]) ** 2) - floor
        share = made.bandwidth_hz / made.sample_rate_hz
        seen_db = 10 * np.log10(inside / (floor * share))
        assert seen_db == pytest.approx(snr_db, abs=0.5)
        assert 2.2 <= made.sample_rate_hz / made.symbol_rate_hz <= 12.1
        edges = abs(made.carrier_hz) + 0.5 * made.bandwidth_hz
        assert edges < 0.5 * made.sample_rate_hz


def test_the_fourth_power_of_a_recording_has_its_lines_at_carrier_and_symbol_rate(
    benchmark, bursts
):
    place = benchmark("peers.bursts")
    (burst,) = bursts("our_bursts", "QPSK", 1)
    made = place.recorded(burst, "QPSK", "test", 30.0, np.random.default_rng(3))
    part = made.iq[made.start : made.stop]
    step_hz = made.sample_rate_hz / 2**18
    power = np.abs(part) ** 2
    line = np.abs(np.fft.fft(power - power.mean(), 2**18))[: 2**17]
    assert line.argmax() * step_hz == pytest.approx(made.symbol_rate_hz, rel=2e-3)
    raised = part * np.exp(
        -2j * np.pi * made.carrier_hz / made.sample_rate_hz * np.arange(len(part))
    )
    spectrum = np.abs(np.fft.fft(raised**4))
    assert spectrum[0] == spectrum.max()


@pytest.mark.parametrize("origin", ["rfmae", "unknowns"])
def test_recordings_follow_from_the_seed_and_not_from_their_number(benchmark, origin):
    make = benchmark("peer_recordings").recordings
    name = {"rfmae": "16QAM", "unknowns": "DSSS"}[origin]
    few = list(make(origin, 1, [0.0, 10.0], 7, (name,)))
    more = list(make(origin, 2, [10.0], 7, (name,)))
    assert np.array_equal(few[1].iq, more[0].iq)
    assert not np.array_equal(few[1].iq[:400], next(make(origin, 1, [10.0], 8, (name,))).iq[:400])


def test_every_signal_of_no_class_is_made_and_named(benchmark):
    unknowns = benchmark("peers.unknowns")
    made = list(benchmark("peer_recordings").recordings("unknowns", 1, [20.0], 1))
    assert {item.truth for item in made} == {*unknowns.NAMES}
    assert all("unknown" in item.accepted and np.isfinite(item.iq).all() for item in made)


def test_what_is_written_is_read_again(benchmark, tmp_path):
    recordings = benchmark("peer_recordings")
    made = list(recordings.recordings("rfmae", 1, [10.0], 1, ("2FSK/GFSK",)))
    path = tmp_path / recordings.file_name("2FSK/GFSK")
    recordings.write(path, made)
    (again,) = recordings.read(path)
    assert (again.truth, again.start, again.carrier_hz) == (
        made[0].truth,
        made[0].start,
        made[0].carrier_hz,
    )
    gain = np.vdot(again.iq, made[0].iq) / np.vdot(again.iq, again.iq)
    assert np.abs(gain * again.iq - made[0].iq).max() < 1e-4 * np.abs(made[0].iq).max()


def test_a_python_without_gnu_radio_is_one_line(benchmark, monkeypatch):
    benchmark("peer_recordings")
    monkeypatch.setenv("GNURADIO_PYTHON", sys.executable)
    monkeypatch.delitem(sys.modules, "peers.gnuradio_bursts", raising=False)
    with pytest.raises(ImportError, match="has no GNU Radio; install it") as caught:
        importlib.import_module("peers.gnuradio_bursts")
    assert "\n" not in str(caught.value)
