"""The signals of the public DenoMAE2.0 generator, with its deviations from the textbook.

Every class sends independent symbols at the amplitudes of `PUBLISHED`, not normalised in power.
OQPSK has no offset, and a missing j stretches its radius to e^(π/4); DQPSK is an alphabet and no
coding; CPFSK and GFSK are the same two points; GMSK takes bits 0 and 1 for frequencies and turns
by up to a quarter a sample. 4ASK and 4PAM differ by 0.0001j in the first sample of a frame, a
hundredth of a pixel, which is left out here.
"""

import dataclasses
import math
from functools import lru_cache

import numpy as np
from scipy.ndimage import correlate1d

from rfmae.errors import RecipeError, nearest
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.alphabets import bipolar_pam
from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.channel import awgn, phasors, times
from rfmae.signal.impairments import Channel, Streams, draw
from rfmae.signal.link import Link, Observation
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver
from rfmae.units import db_to_ratio

SAMPLES_PER_SYMBOL = 8
"""Of GMSK; the other classes have one sample a symbol, which is held for so long here."""

_PHASE_STEP_TURNS = 1e-4 / (2 * math.pi)  # standard deviation of jitter and slope, 0.0001 rad
_HALF_SPAN_SYMBOLS = 4  # of the filter of GMSK


def _levels(name: str, order: int, sends_same_signal_as: str = "") -> Modulation:
    """The odd whole numbers from −(order − 1) to order − 1."""
    rail = np.rint(bipolar_pam(order).real * math.sqrt((order**2 - 1) / 3))
    return _alphabet(name, tuple(complex(level) for level in rail), sends_same_signal_as)


def _alphabet(name: str, points: tuple[complex, ...], sends_same_signal_as: str = "") -> Modulation:
    bits = len(points).bit_length() - 1
    return Modulation(name, "memoryless", bits, points, sends_same_signal_as=sends_same_signal_as)


_STRETCHED = math.exp(math.pi / 4)

PUBLISHED: dict[str, Modulation] = {
    row.name: row
    for row in (
        _levels("16PAM", 16),
        _levels("4ASK", 4),
        _levels("4PAM", 4, sends_same_signal_as="4ASK"),
        _levels("8ASK", 8),
        _alphabet("CPFSK", (1j, -1j)),
        _alphabet("DQPSK", (1, 1j, -1j, -1)),
        _alphabet("GFSK", (1j, -1j), sends_same_signal_as="CPFSK"),
        Modulation("GMSK", "phase", 1),
        _alphabet("OOK", (0, 1)),
        _alphabet("OQPSK", (_STRETCHED, 1j * _STRETCHED, -1j * _STRETCHED, -_STRETCHED)),
    )
}
"""The ten classes by name, in the order of their labels; points are amplitudes as they are sent."""


def find_published(name: str) -> Modulation:
    """The row of a published class."""
    if name not in PUBLISHED:
        raise RecipeError(
            f"{name!r} is none of the ten published classes; {nearest(name, PUBLISHED)}"
        )
    return PUBLISHED[name]


def observe_published(
    modulation: Modulation, snr_db: float, link: Link, count: int, streams: Streams
) -> Observation:
    """`count` waveforms (count, symbols·8) of a published class, observed and clean.

    The carrier's phase drifts and jitters a little in both; the noise is white, its power that of
    the example itself over the SNR. Classes other than GMSK hold each sample, noise and all, for
    eight: their points are repeated eight times, so that every class has one length, and no image
    that is divided by its peak changes. With equal seeds the first examples are the same for any
    count.
    """
    sampled = draw(link.channel, count, streams)
    clean = _with_phase(_sent(modulation, link.symbols_per_example, count, streams), streams)
    example_snr_db = snr_db + sampled.get("snr_offset_db", np.zeros(count))
    observed = awgn(clean, _mean_power(clean) * db_to_ratio(-example_snr_db), streams("noise"))
    held = link.samples("waveform") // clean.shape[1]
    views = (np.repeat(observed, held, axis=1), np.repeat(clean, held, axis=1))
    return Observation({"waveform": views}, sampled)


def check_published(link: Link) -> None:
    """Refuse settings that the published generator does not have."""
    for rule, is_met in (
        (f"samples_per_symbol = {SAMPLES_PER_SYMBOL}", link.rate == SAMPLES_PER_SYMBOL),
        ('pulse = { shape = "rectangular" }', link.pulse == Pulse("rectangular")),
        ('receiver = { observe = "waveform" }', link.receiver == Receiver("waveform")),
        ('channel.snr_reference = "sample"', link.channel.snr_reference == "sample"),
        ('channel.phase_offset_turns = "none"', link.channel.phase_offset_turns == "none"),
    ):
        if not is_met:
            raise RecipeError(f"published signals have no choice here: write source.{rule}")
    known = ("snr", "snr_reference", "snr_offset_db", "phase_offset_turns")
    plain = Channel(snr="0")
    for item in dataclasses.fields(Channel):
        effect = getattr(link.channel, item.name)
        if item.name not in known and effect != getattr(plain, item.name):
            raise RecipeError(
                "published signals know no effect of the channel but snr_offset_db: "
                f"leave out source.channel.{item.name}"
            )


def _sent(modulation: Modulation, symbols: int, count: int, streams: Streams) -> ComplexArray:
    """Symbols (count, symbols), or the eight times as many samples of GMSK."""
    bits = random_bits(count * symbols * modulation.bits_per_symbol, streams("bits"))
    indices = bits_to_indices(bits.reshape(count, -1), modulation.bits_per_symbol)
    return modulation.alphabet.take(indices) if modulation.points else _gmsk(indices)


def _gmsk(bits: IntArray) -> ComplexArray:
    """Bits (N, K) to samples (N, 8·K) of modulus one."""
    frequency = np.repeat(bits.astype(np.float64), SAMPLES_PER_SYMBOL, axis=1)
    frequency = correlate1d(frequency, _gmsk_taps(), axis=1, mode="constant")
    quarters = np.cumsum(frequency, axis=1)  # a steady 1 turns by a quarter each sample
    return phasors(quarters / 4)


@lru_cache(maxsize=1)
def _gmsk_taps() -> FloatArray:
    """A sinc under a Hamming window, of unit sum; no Gaussian, and no bandwidth-time product."""
    count = 2 * _HALF_SPAN_SYMBOLS * SAMPLES_PER_SYMBOL + 1
    taps = np.sinc(np.linspace(-_HALF_SPAN_SYMBOLS, _HALF_SPAN_SYMBOLS, count)) * np.hamming(count)
    return taps / taps.sum()


def _with_phase(iq: ComplexArray, streams: Streams) -> ComplexArray:
    """Turned by a slope over the example and a jitter from sample to sample."""
    jitter = streams("phase jitter").standard_normal(iq.shape, dtype=np.float32)
    slope = streams("phase slope").standard_normal((len(iq), 1))
    turns = _PHASE_STEP_TURNS * (jitter + slope * np.arange(iq.shape[1]))
    return times(iq, phasors(turns))


def _mean_power(iq: ComplexArray) -> FloatArray:
    """The measured mean power of each example (N, T)."""
    floats = iq.view(np.float32)
    power: FloatArray = np.einsum("nt,nt->n", floats, floats, dtype=np.float64) / iq.shape[1]
    return power
