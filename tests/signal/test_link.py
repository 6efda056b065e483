"""From bits to what is observed and its clean twin: over every channel, in every view."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rfmae.errors import RecipeError, UnitError
from rfmae.signal.impairments import Channel, Fading, Impulses, Interference
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS, nearest_indices
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver

every_modulation = pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)

EFFECTS = {
    "snr offset": {"snr_offset_db": (-12.0, -6.0)},
    "phase": {"phase_offset_turns": "uniform"},
    "carrier": {"carrier_offset_turns_per_symbol": (-0.02, 0.02)},
    "phase noise": {"linewidth_turns_per_symbol": (0.001, 0.01)},
    "timing": {"timing_offset_symbols": "uniform"},
    "clock": {"clock_offset_ppm": (100.0, 2000.0)},
    "rayleigh": {"fading": Fading("rayleigh", doppler_turns_per_symbol=(0.001, 0.01))},
    "rician": {"fading": Fading("rician", (3.0, 9.0), 0.01)},
    "paths": {"fading": Fading("rayleigh", "none", 0.0, (0.0, 0.75, 2.0), (0.0, -3.0, -6.0))},
    "gain": {"iq_gain_imbalance_db": (1.0, 2.0)},
    "skew": {"iq_phase_imbalance_degrees": (3.0, 6.0)},
    "dc": {"dc_offset_rms": (0.1, 0.3)},
    "clipping": {"clip_level_rms": (0.5, 1.0)},
    "converter": {"quantiser_bits": (2.0, 4.0)},
    "interference": {"interference": Interference((3.0, 9.0), "BPSK", (-0.25, 0.25))},
    "impulses": {"impulses": Impulses((0.05, 0.1), 30.0)},
}
PATH = {"phase", "carrier", "phase noise", "timing", "clock", "rayleigh", "rician", "paths"}

every_effect = pytest.mark.parametrize("effect", EFFECTS)


def with_channel(link, **settings):
    return replace(link, channel=replace(link.channel, **settings))


def with_receiver(link, **settings):
    return replace(link, receiver=replace(link.receiver, **settings))


def unknowing(link):
    """A receiver that takes nothing away, and both views."""
    return with_receiver(link, observe="both", timing="none", carrier="none")


def seen(modulation, snr_db, link, count, streams, view="symbols"):
    """Observed and clean in one view."""
    return observe(modulation, snr_db, link, count, streams).views[view]


def on_the_same_bits(modulation, snr_db, link, there, streams, view="symbols"):
    """One example observed over a plain link and another one: a longer guard moves its bits."""
    moved = there.guard_symbols - link.guard_symbols
    longer = replace(link, symbols_per_example=link.symbols_per_example + 2 * moved)
    first = moved if view == "symbols" else int(moved * link.rate)
    plain, _ = seen(modulation, snr_db, longer, 1, streams, view)
    other, _ = seen(modulation, snr_db, there, 1, streams, view)
    return plain[:, first : first + other.shape[1]], other


def evm_db(observed, reference):
    """Error power over reference power, after the best gain of each example."""
    gain = np.sum(observed * reference.conj(), axis=1) / np.sum(np.abs(reference) ** 2, axis=1)
    error = observed / gain[:, None] - reference
    return 10 * np.log10(np.mean(np.abs(error) ** 2) / np.mean(np.abs(reference) ** 2))


# --- laws


@pytest.mark.parametrize("phase_offset", ["none", "uniform"])
@every_modulation
def test_every_example_arrives_with_its_shape_and_unit_power(
    modulation, phase_offset, link, streams
):
    link = replace(link, samples_per_symbol=8)
    link = with_receiver(with_channel(link, phase_offset_turns=phase_offset), observe="both")
    views = observe(modulation, 0.0, link, 3, streams).views
    assert list(views) == ["symbols", "waveform"]
    for view, both in views.items():
        for iq in both:
            assert iq.shape == (3, link.samples(view))
            assert iq.dtype == np.complex64
            if iq is both[0] or modulation.name != "NOISE":
                np.testing.assert_allclose(np.mean(np.abs(iq) ** 2, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 33])
@every_modulation
def test_the_first_examples_are_the_same_bits_whatever_the_count(modulation, count, link, streams):
    link = with_receiver(replace(link, samples_per_symbol=8), observe="both")
    link = with_channel(link, phase_offset_turns="uniform")
    many = observe(modulation, 3.0, link, 64, streams).views
    few = observe(modulation, 3.0, link, count, streams).views
    for view, both in few.items():
        for some, all_of_them in zip(both, many[view], strict=True):
            assert some.tobytes() == np.ascontiguousarray(all_of_them[:count]).tobytes()
    assert not np.array_equal(many["symbols"][0][0], many["symbols"][0][1])


@pytest.mark.parametrize("samples_per_symbol", [4, 2.5, 250 / 81])
@every_effect
def test_no_effect_lets_the_count_change_a_bit(effect, samples_per_symbol, link, streams):
    link = unknowing(replace(link, samples_per_symbol=samples_per_symbol))
    link = with_channel(link, **EFFECTS[effect])
    many = observe(MODULATIONS["16QAM"], 10.0, link, 40, streams)
    few = observe(MODULATIONS["16QAM"], 10.0, link, 3, streams)
    for view, both in few.views.items():
        for some, all_of_them in zip(both, many.views[view], strict=True):
            assert some.tobytes() == np.ascontiguousarray(all_of_them[:3]).tobytes()


@every_modulation
def test_the_clean_twin_does_not_know_the_snr(modulation, link, streams):
    link = replace(link, samples_per_symbol=8)
    _, weak = seen(modulation, -10.0, link, 2, streams)
    _, strong = seen(modulation, 30.0, link, 2, streams)
    assert np.array_equal(weak, strong)


@every_effect
def test_the_clean_twin_takes_the_path_and_no_noise_or_defect(effect, link, streams):
    link = unknowing(link)
    plain = observe(MODULATIONS["QPSK"], 10.0, link, 4, streams).views["waveform"]
    changed = observe(
        MODULATIONS["QPSK"], 10.0, with_channel(link, **EFFECTS[effect]), 4, streams
    ).views["waveform"]
    assert np.array_equal(plain[1], changed[1]) == (effect not in PATH)


@pytest.mark.parametrize("view", ["symbols", "waveform"])
@every_effect
def test_every_effect_is_drawn_and_can_be_seen(effect, view, link, streams):
    link = unknowing(replace(link, symbols_per_example=256))
    there = with_channel(link, **EFFECTS[effect])
    sampled = observe(MODULATIONS["QPSK"], 30.0, there, 2, streams).sampled
    assert sampled.keys() == set(there.channel.drawn_names) != set()
    # an offset moves the noise and impulses are so many times the noise: they need some
    snr_db = 30.0 if effect in ("snr offset", "impulses") else 200.0
    plain, other = on_the_same_bits(MODULATIONS["QPSK"], snr_db, link, there, streams, view)
    if effect == "phase":
        assert evm_db(other, plain) < -100  # the best gain takes it back
        assert np.abs(other - plain).mean() > 0.1
    else:
        assert evm_db(other, plain) > -30


@pytest.mark.parametrize("impulses", [Impulses(), Impulses(0.1, 20.0)], ids=["noise", "impulses"])
def test_an_offset_of_the_snr_is_another_snr_for_each_example(impulses, link, streams):
    link = with_channel(unknowing(link), impulses=impulses)
    moved = observe(
        MODULATIONS["16QAM"], 5.0, with_channel(link, snr_offset_db=(-9.0, 9.0)), 6, streams
    )
    offsets = moved.sampled["snr_offset_db"]
    assert np.ptp(offsets) > 6
    for row, offset in enumerate(offsets):
        there = observe(MODULATIONS["16QAM"], 5.0 + float(offset), link, 6, streams)
        for view, pair in moved.views.items():
            for one, other in zip(pair, there.views[view], strict=True):
                np.testing.assert_allclose(one[row], other[row], atol=2e-5)  # float32


@every_modulation
def test_what_is_seen_approaches_the_clean_twin(modulation, link, streams):
    if modulation.name == "NOISE":
        return
    link = with_channel(replace(link, samples_per_symbol=8), phase_offset_turns="uniform")
    far, near = (
        np.abs(np.subtract(*seen(modulation, snr_db, link, 2, streams))).max()
        for snr_db in (20.0, 80.0)
    )
    assert near < 2e-3 < far  # twenty times the rms at 80 dB, for messages that are whispered


@every_modulation
def test_the_carrier_phase_turns_both_twins_alike(modulation, link, streams):
    if modulation.name == "NOISE":
        return
    link = replace(link, samples_per_symbol=8)
    _, upright = seen(modulation, 60.0, link, 4, streams)
    turned = observe(modulation, 60.0, with_channel(link, phase_offset_turns="uniform"), 4, streams)
    observed, clean = turned.views["symbols"]
    turn = np.exp(2j * np.pi * turned.sampled["phase_offset_turns"])[:, None]
    np.testing.assert_allclose(clean, upright * turn, atol=2e-5)  # float32
    # 60 dB, and messages that are 15 dB below their mean
    np.testing.assert_allclose(observed, clean, atol=0.03)


@pytest.mark.parametrize(
    "modulation", [r for r in MODULATIONS.values() if r.family == "memoryless"], ids=str
)
def test_clean_symbols_stand_on_the_alphabet_up_to_the_last(modulation, link, streams):
    _, clean = seen(modulation, 0.0, link, 1, streams)
    # the gain was set on these 64 symbols and the strongest of them is one of the points
    assert min(misfits(clean, modulation.alphabet)) < 0.03  # intersymbol interference at -50 dB


def misfits(symbols, alphabet):
    """The largest distance from the alphabet under each gain that the strongest symbol may have."""
    strongest = np.abs(symbols).max()
    for amplitude in np.unique(np.abs(alphabet[np.abs(alphabet) > 0]).round(5)):
        scaled = symbols * (amplitude / strongest)
        nearest = alphabet[nearest_indices(scaled, alphabet)]
        gain = np.vdot(nearest, scaled).real / np.vdot(nearest, nearest).real
        yield np.abs(scaled / gain - nearest).max()


def test_the_ends_of_an_example_are_as_clean_as_its_middle(link, streams):
    link = replace(link, symbols_per_example=16)
    _, clean = seen(MODULATIONS["BPSK"], 0.0, link, 500, streams)
    error_db = 10 * np.log10(np.mean(np.abs(clean - np.sign(clean.real)) ** 2, axis=0))
    # the floor of a pulse of 12 symbols is at -50.5 dB; the gain of 16 symbols adds as much again
    assert error_db.max() < -46


@every_effect
def test_the_ends_of_an_example_are_as_clean_as_its_middle_after_any_path(effect, link, streams):
    if effect in ("clipping", "converter", "phase noise"):
        return  # which hit the symbols themselves
    link = with_channel(replace(link, symbols_per_example=32), **EFFECTS[effect])
    link = with_channel(link, phase_offset_turns="none")
    _, clean = seen(MODULATIONS["QPSK"], 0.0, link, 300, streams)
    power = np.mean(np.abs(clean) ** 2, axis=0)
    # five widths of 300 faded symbols, 0.06 each
    assert np.abs(power - 1).max() < 0.3


@pytest.mark.parametrize("samples_per_symbol", [4, 250 / 81])
@pytest.mark.parametrize("effect", sorted(PATH))
def test_a_waveform_is_on_the_air_to_its_ends_after_any_path(
    effect, samples_per_symbol, link, streams
):
    link = replace(link, samples_per_symbol=samples_per_symbol, symbols_per_example=81)
    link = with_receiver(with_channel(link, **EFFECTS[effect]), observe="waveform")
    _, clean = seen(MODULATIONS["GMSK"], 0.0, link, 400, streams, "waveform")
    power = np.mean(np.abs(clean) ** 2, axis=0)
    # five widths of 400 faded samples, 0.05 each
    assert np.abs(power - 1).max() < 0.25


def test_an_interferer_has_bits_of_its_own(link, streams):
    link = unknowing(replace(link, symbols_per_example=1024))
    there = with_channel(link, interference=Interference(0.0, "QPSK", 0.0))
    observed, clean = seen(MODULATIONS["QPSK"], 200.0, there, 1, streams)
    wanted, other = clean[0], observed[0] - clean[0] * np.vdot(clean[0], observed[0]) / 1024
    alike = np.abs(np.correlate(other, wanted, "full")) / (1024 * np.std(other))
    assert alike.max() < 5 / np.sqrt(1024)  # the largest of two thousand
    # what the same bits would give, delayed by half a symbol: almost one
    assert np.abs(np.correlate(np.roll(wanted, 5), wanted, "full")).max() / 1024 > 0.9


# --- the receiver


KNOWN = ("phase", "carrier", "timing", "clock")


@pytest.mark.parametrize("samples_per_symbol", [4, 2.5, 250 / 81])
@pytest.mark.parametrize("effects", [*((name,) for name in KNOWN), KNOWN], ids="+".join)
def test_a_receiver_that_knows_undoes_exactly(effects, samples_per_symbol, link, streams_of):
    link = replace(link, samples_per_symbol=samples_per_symbol, symbols_per_example=324)
    settings = {key: value for name in effects for key, value in EFFECTS[name].items()}
    there = with_receiver(with_channel(link, **settings), phase="known")
    for seed in range(4):
        plain, undone = on_the_same_bits(MODULATIONS["16QAM"], 200.0, link, there, streams_of(seed))
        # the interpolator is good to -70 dB in its band, and used twice for each of two effects
        assert evm_db(undone, plain) < -60
        assert np.abs(undone - plain).max() < 0.02  # nothing turned, nothing moved


@pytest.mark.parametrize("effect", ["carrier", "timing", "clock"])
def test_a_receiver_that_does_not_know_leaves_it_in(effect, link, streams_of):
    link = replace(link, symbols_per_example=256)
    there = unknowing(with_channel(link, **EFFECTS[effect]))
    for seed in range(4):
        plain, left = on_the_same_bits(MODULATIONS["16QAM"], 200.0, link, there, streams_of(seed))
        assert evm_db(left, plain) > -40


def test_the_carrier_phase_stays_unless_it_is_corrected(link, streams):
    there = with_channel(link, phase_offset_turns="uniform")
    plain, _ = seen(MODULATIONS["QPSK"], 200.0, link, 8, streams)
    left, _ = seen(MODULATIONS["QPSK"], 200.0, there, 8, streams)
    known, _ = seen(MODULATIONS["QPSK"], 200.0, with_receiver(there, phase="known"), 8, streams)
    assert np.abs(left - plain).max() > 0.5
    np.testing.assert_allclose(known, plain, atol=1e-5)


OFFSETS = {
    "phase_offset_turns": "uniform",
    "carrier_offset_turns_per_symbol": (-0.05, 0.05),
    "timing_offset_symbols": "uniform",
}


@pytest.mark.parametrize("samples_per_symbol", [4, 8, 250 / 81])
def test_estimators_bring_qpsk_back_below_minus_20_db(samples_per_symbol, link, streams):
    link = replace(link, samples_per_symbol=samples_per_symbol, symbols_per_example=1024)
    there = with_channel(link, **OFFSETS)
    there = with_receiver(
        there, timing="oerder-meyr", carrier="mth-power", phase="viterbi-viterbi", power=4
    )
    observed, _ = seen(MODULATIONS["QPSK"], 30.0, there, 16, streams)
    error_db = [blind_evm_db(row, there) for row in observed]
    assert max(error_db) < -20


def blind_evm_db(symbols, link):
    """Distance from an upright QPSK after the turn that the fourth powers agree on."""
    points = MODULATIONS["QPSK"].alphabet
    turn = np.angle(-np.sum(symbols.astype(complex) ** 4)) / 4
    upright = symbols * np.exp(-1j * turn)
    nearest = points[nearest_indices(upright, points)]
    gain = np.vdot(nearest, upright) / np.vdot(nearest, nearest)
    return 10 * np.log10(np.mean(np.abs(upright / gain - nearest) ** 2))


@pytest.mark.parametrize("what", ["timing", "carrier", "phase"])
def test_each_estimator_is_what_takes_its_offset_away(what, link, streams):
    names = dict(zip(("phase", "carrier", "timing"), OFFSETS, strict=True))
    estimators = {"timing": "oerder-meyr", "carrier": "mth-power", "phase": "viterbi-viterbi"}
    link = replace(link, symbols_per_example=512)
    there = with_channel(link, **{names[what]: OFFSETS[names[what]]})
    spread = {}
    for found in ("none", estimators[what]):
        receiver = replace(there.receiver, **{what: found})
        observed, _ = seen(
            MODULATIONS["QPSK"], 40.0, replace(there, receiver=receiver), 16, streams
        )
        # how far the fourth powers of all examples together are from one point
        fourth = observed.astype(complex) ** 4
        spread[found] = np.mean(np.abs(fourth - fourth.mean()) ** 2)
    assert spread[estimators[what]] < 0.05 < 0.3 < spread["none"]


def test_the_clean_twin_is_corrected_by_what_was_found_in_the_noise(link, streams):
    link = replace(link, symbols_per_example=256)
    there = with_receiver(with_channel(link, **OFFSETS), timing="oerder-meyr", carrier="mth-power")
    observed, clean = seen(MODULATIONS["QPSK"], 25.0, there, 8, streams)
    # what is left of timing and carrier is in both: only the noise is not
    assert evm_db(observed, clean) == pytest.approx(-25, abs=0.5)


# --- references


def test_carrier_phases_are_uniform(link, streams):
    link = replace(link, symbols_per_example=16)
    uniform = with_channel(link, phase_offset_turns="uniform")
    upright, turned = (
        seen(MODULATIONS["BPSK"], 0.0, one, 400, streams)[1] for one in (link, uniform)
    )
    turns = np.angle(np.sum(turned * upright.conj(), axis=1)) / (2 * np.pi) % 1
    for harmonic in (1, 2, 4):
        assert abs(np.mean(np.exp(2j * np.pi * harmonic * turns))) < 4 / np.sqrt(400)


def test_a_carrier_offset_turns_so_far_from_one_symbol_to_the_next(link, streams):
    link = unknowing(replace(link, symbols_per_example=256))
    there = with_channel(link, carrier_offset_turns_per_symbol=0.03)
    plain, turned = on_the_same_bits(MODULATIONS["QPSK"], 200.0, link, there, streams)
    turns = np.unwrap(np.angle(turned * plain.conj()), axis=1)[0] / (2 * np.pi)
    # a filter that sees 3 % of the symbol rate beside it is a little off; the slope is not
    assert (turns[-1] - turns[0]) / 255 == pytest.approx(0.03, abs=5e-4)
    assert abs(turns[0]) < 0.05  # time counts from the first symbol


@pytest.mark.parametrize("ppm", [2500.0, -2500.0])
def test_a_clock_offset_adds_up_from_the_first_symbol_on(ppm, link, streams):
    link = unknowing(replace(link, symbols_per_example=400))
    there = with_channel(link, clock_offset_ppm=ppm)
    plain, other = on_the_same_bits(MODULATIONS["QPSK"], 200.0, link, there, streams, "waveform")
    for sample in (0, 400, 800, 1200):
        ahead = round(sample * ppm * 1e-6)
        # the gain of another length of the same example
        assert other[0, sample] == pytest.approx(plain[0, sample + ahead], abs=0.02)


@pytest.mark.parametrize("offset", [0.25, -0.5])
def test_a_timing_offset_makes_symbols_late(offset, link, streams):
    link = unknowing(replace(link, samples_per_symbol=8))
    there = with_channel(link, timing_offset_symbols=offset)
    plain, other = on_the_same_bits(MODULATIONS["QPSK"], 200.0, link, there, streams, "waveform")
    late = round(8 * offset)
    inside = slice(8, -8)
    expected = np.roll(plain[0], late)[inside]
    np.testing.assert_allclose(other[0, inside], expected, atol=0.02)


# --- edges


@pytest.mark.parametrize("shape", ["rectangular", "half-sine"])
def test_a_pulse_of_one_symbol_needs_no_neighbours(shape, link, streams):
    link = replace(link, pulse=Pulse(shape))
    _, clean = seen(MODULATIONS["QPSK"], 0.0, link, 4, streams)
    np.testing.assert_allclose(np.abs(clean), 1.0, atol=1e-5)


def test_one_sample_per_symbol_is_enough_for_a_rectangular_pulse(link, streams):
    link = replace(link, samples_per_symbol=1, pulse=Pulse("rectangular"))
    observed, clean = seen(MODULATIONS["QPSK"], 200.0, link, 4, streams)
    np.testing.assert_allclose(np.abs(clean), 1.0, atol=1e-5)
    np.testing.assert_allclose(observed, clean, atol=1e-5)


def test_nothing_but_noise_has_a_clean_twin_of_nothing(link, streams):
    observed, clean = seen(MODULATIONS["NOISE"], 0.0, link, 4, streams)
    assert not clean.any()
    assert abs(np.mean(np.abs(observed) ** 4) - 2) < 0.4  # Gaussian


def test_a_number_of_samples_is_the_floor_of_a_fractional_rate():
    link = Link(100, 250 / 81, Channel(snr="0"))
    assert link.rate == Fraction(250, 81)
    assert link.samples("symbols") == 100
    assert link.samples("waveform") == 308


def test_an_snr_of_a_public_data_set_cannot_be_synthesised(link):
    with pytest.raises(RecipeError, match=r"snr_reference must be symbol or .*got 'dataset'"):
        with_channel(link, snr_reference="dataset")


def test_energy_per_bit_needs_bits(link, streams):
    with pytest.raises(UnitError, match="where symbols carry bits"):
        observe(MODULATIONS["WBFM"], 0.0, with_channel(link, snr_reference="bit"), 1, streams)


def test_a_rate_that_is_too_low_is_refused(link, streams):
    with pytest.raises(RecipeError, match="8FSK needs at least 8 samples per symbol, got 4"):
        observe(MODULATIONS["8FSK"], 0.0, link, 1, streams)


def test_a_receiver_is_distinguished_by_what_it_observes(link, streams):
    for what in ("symbols", "waveform"):
        found = observe(
            MODULATIONS["QPSK"], 0.0, replace(link, receiver=Receiver(observe=what)), 1, streams
        )
        assert list(found.views) == [what]


@pytest.mark.parametrize("effect", ["phase", "timing", "carrier", "rayleigh"])
@pytest.mark.parametrize("modulation", ["QPSK", "16QAM", "GMSK", "OOK"])
def test_a_filtered_waveform_passes_through_the_symbols(effect, modulation, link, streams):
    receiver = Receiver(observe="both", waveform="filtered")
    link = replace(with_channel(link, **EFFECTS[effect]), receiver=receiver)
    views = observe(MODULATIONS[modulation], 10.0, link, 3, streams).views
    for symbols, waveform in zip(views["symbols"], views["waveform"], strict=True):
        at_instants = waveform[:, ::4]
        # each view has unit power of its own, so they agree up to a gain
        product = (at_instants.conj() * symbols).sum(axis=1) / (abs(at_instants) ** 2).sum(axis=1)
        np.testing.assert_allclose(product.imag, 0, atol=1e-5)
        np.testing.assert_allclose(product.real[:, None] * at_instants, symbols, atol=1e-4)


def test_a_filter_leaves_out_the_noise_beyond_the_band(link, streams):
    quiet = replace(link, samples_per_symbol=8)
    received = replace(quiet, receiver=Receiver(observe="waveform"))
    filtered = replace(quiet, receiver=Receiver(observe="waveform", waveform="filtered"))
    likeness = []
    for each in (received, filtered):
        observed, clean = observe(MODULATIONS["QPSK"], 10.0, each, 16, streams).views["waveform"]
        likeness.append(abs(np.vdot(clean, observed)) ** 2 / (16 * clean[0].size) ** 2)
    # per sample the SNR is 1 dB before the filter and 10 dB after it
    assert likeness[0] == pytest.approx(1 / (1 + 8 / 10), rel=0.05)
    assert likeness[1] == pytest.approx(1 / (1 + 1 / 10), rel=0.05)
