"""The blind receiver: from a recording of unknown rate and carrier to symbols, or why not."""

import math

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.signal.blind.envelope import envelope_kurtosis
from rfmae.signal.blind.lines import Line
from rfmae.signal.blind.reception import BLIND, Family, ReceiveOptions, Reception
from rfmae.signal.blind.spectrum import (
    LEAST_ROLL_OFF,
    Estimate,
    SpectrumFit,
    fit_spectrum,
)
from rfmae.signal.blind.symbol_rate import (
    HIGHEST_RATE,
    LOWEST_RATE,
    Band,
    band_of,
    symbol_rate_line,
)
from rfmae.signal.blind.synchronising import (
    CarrierLine,
    carrier_line,
    symbol_samples,
    without_carrier,
)
from rfmae.signal.cleaning import dead_samples
from rfmae.signal.recording_checks import loud_windows
from rfmae.signal.runs import longest_run

FEWEST_SAMPLES = 512
"""Of a signal, for a spectrum and a line to be judged."""

_MOST_SAMPLES = 2**20
_WINDOW = 512  # samples that are loud or not
_CONSTANT_KURTOSIS = 1.09  # between QPSK off air, 1.11 and more, and FSK, 1.07 and less
_AGREES = 0.02  # between a symbol rate that is stated and one that is found, relative
_WIDEST = 4.0  # of the occupied band over the symbol rate
_CLEARLY = 3.0  # over the threshold
_FAR_OFF = 0.005  # turns per symbol
_APART = 0.06  # of the carrier from the centre of the spectrum, in turns per symbol


def receive(iq: ComplexArray, options: ReceiveOptions = BLIND) -> Reception:
    """Symbols of a recording (T,) of one linearly modulated signal of any rate and carrier.

    The line of the power gives the symbol rate, the spectrum the carrier, roll-off and Es/N0;
    behind a matched filter timing and residual carrier are corrected (Oerder, Meyr 1988; M-th
    power). Of a signal in bursts the longest is received, and no more than 2**20 samples.

    Args:
        iq: Complex samples (T,), finite, of any gain.
        options: Sample rate, and what is known of the signal.

    Returns:
        The symbols with the estimates; `locked` where there are no doubts.

    Raises:
        ShapeError: Samples that are not finite and (T,).

    Examples:
        >>> from rfmae.signal.pulses import root_raised_cosine
        >>> sent = np.zeros(8000, complex)
        >>> sent[::4] = np.random.default_rng(0).choice([1, 1j, -1, -1j], 2000)
        >>> waveform = np.convolve(sent, root_raised_cosine(0.35, 4, 12))
        >>> found = receive(waveform, ReceiveOptions(sample_rate_hz=48e3))
        >>> found.locked, round(found.symbol_rate.value), found.power
        (True, 12000, 4)
    """
    if np.ndim(iq) != 1 or not np.isfinite(iq).all():
        raise ShapeError(f"a recording must be finite samples (T,), got {np.shape(iq)}")
    part = loudest_part(iq)
    notes = _notes(part, len(iq))
    heard = np.asarray(iq[part.start : part.stop], np.complex64)
    if len(heard) < FEWEST_SAMPLES:
        doubt = f"the receiver needs {FEWEST_SAMPLES} samples of one signal, got {len(heard):,}"
        return _nothing(part, Line(np.nan, np.inf, 0.0, np.inf), "none found", (doubt,), notes)
    band = band_of(heard)
    line = _line(heard, options)
    constant = _is_constant(heard, band)
    family: Family = "constant envelope" if constant else "linear" if line.found else "none found"
    doubts = []
    if constant:
        doubts.append(
            "the envelope is constant, as of FSK, GMSK and MSK, which a receiver of linear "
            "modulations cannot turn into symbols"
        )
    if not line.found:
        doubts.append(
            "the receiver did not lock: no spectral line at a symbol rate "
            f"({line.ratio:.0f} times its floor, {line.threshold:.0f} are needed)"
        )
    rate = line.frequency
    if not line.found:
        rate = (options.symbol_rate_hz or math.nan) / options.sample_rate_hz
    if not math.isfinite(rate) or constant:
        return _nothing(part, line, family, tuple(doubts), notes)
    found = _Found(heard, rate, line.ratio, options.roll_off)
    if found.is_beside or found.spectrum.tones > 1:
        family = "none found"
    doubts += [*found.doubts(band), *_against_the_stated(rate, options)]
    return found.reception(part, line, family, options.sample_rate_hz, tuple(doubts), notes)


def loudest_part(iq: ComplexArray) -> range:
    """The longest run of samples (T,) that hold a signal, neither dead nor noise alone."""
    alive = longest_run(~dead_samples(iq))
    count = len(alive) // _WINDOW
    if count < 2:
        return alive[:_MOST_SAMPLES]
    windows = iq[alive.start : alive.start + count * _WINDOW].reshape(count, _WINDOW)
    loud, _ = loud_windows(windows)
    if loud.all():
        return alive[:_MOST_SAMPLES]
    run = longest_run(loud)
    inside = range(alive.start + run.start * _WINDOW, alive.start + run.stop * _WINDOW)
    return inside[:_MOST_SAMPLES]


# parts ------------------------------------------------------------------------------------------


class _Found:
    """What was measured of a signal at one symbol rate."""

    def __init__(self, iq: ComplexArray, rate: float, ratio: float, roll_off: float | None) -> None:
        self.rate = rate
        self.spectrum: SpectrumFit = fit_spectrum(iq, rate, _centre(iq), roll_off)
        self.centre, beta = self.spectrum.carrier.value, self.spectrum.roll_off.value
        symbols = symbol_samples(iq, rate, self.centre, beta, ratio)
        self.carrier: CarrierLine | None = carrier_line(symbols)
        if self.carrier is not None and abs(self.carrier.turns_per_symbol) > _FAR_OFF:
            # the matched filter was off the carrier
            self.centre += self.carrier.turns_per_symbol * rate
            symbols = symbol_samples(iq, rate, self.centre, beta, ratio)
            self.carrier = carrier_line(symbols) or self.carrier
        self.symbols = symbols if self.carrier is None else without_carrier(symbols, self.carrier)

    @property
    def apart(self) -> float:
        """How far the carrier line lies from the centre of the spectrum, in symbol rates."""
        return (self.centre - self.spectrum.carrier.value) / self.rate

    @property
    def is_beside(self) -> bool:
        """Whether that is more than its error."""
        error = self.spectrum.carrier.standard_error / self.rate
        return abs(self.apart) > _APART + 3 * error

    def doubts(self, band: Band) -> list[str]:
        """Why the symbols may be none."""
        said = []
        if self.carrier is None:
            said.append("the receiver did not lock: no power of the symbols has a carrier line")
        if self.is_beside:
            said.append(
                f"the estimates disagree: the carrier lies {abs(self.apart):.2f} of the symbol "
                "rate beside the centre of the spectrum, as in MSK and FSK"
            )
        if self.spectrum.tones > 1:
            said.append(
                f"the spectrum has {self.spectrum.tones} tones, as FSK has and no linear modulation"
            )
        if self.spectrum.roll_off.value <= LEAST_ROLL_OFF:
            said.append("the estimates disagree: the band is narrower than the symbol rate")
        share = float(band.occupied.mean())
        if share < 1 and share > _WIDEST * self.rate:
            said.append(
                f"the estimates disagree: a band {share / self.rate:.1f} times as wide as the "
                "symbol rate"
            )
        return said

    def reception(
        self,
        part: range,
        line: Line,
        family: Family,
        sample_rate_hz: float,
        doubts: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> Reception:
        """The record of all of it."""
        error = line.standard_error if line.found else 0.0
        beta = self.spectrum.roll_off
        offset = self.spectrum.carrier
        if self.carrier is not None:
            turns = self.carrier.turns_per_symbol
            offset = Estimate(
                self.centre + turns * self.rate,
                math.hypot(self.carrier.standard_error * self.rate, turns * error),
            )
        rate = Estimate(self.rate, error)
        width = (1 + beta.value) * self.rate
        bandwidth = Estimate(
            width, math.hypot(beta.standard_error * self.rate, (1 + beta.value) * error)
        )
        return Reception(
            symbols=self.symbols,
            samples=part,
            family=family,
            line=line,
            symbol_rate=rate.times(sample_rate_hz),
            carrier_offset=offset.times(sample_rate_hz),
            bandwidth=bandwidth.times(sample_rate_hz),
            roll_off=beta,
            snr_db=self.spectrum.snr_db,
            power=None if self.carrier is None else self.carrier.power,
            doubts=doubts,
            notes=notes,
        )


def _against_the_stated(rate: float, options: ReceiveOptions) -> tuple[str, ...]:
    """A doubt where another symbol rate is stated than was found."""
    stated, found = options.stated_symbol_rate_hz, rate * options.sample_rate_hz
    if stated is None or abs(found / stated - 1) <= _AGREES:
        return ()
    words = f"the file states {stated:,.12g} symbols a second, the receiver found {found:,.6g}"
    return (words,)


def _line(iq: ComplexArray, options: ReceiveOptions) -> Line:
    """The line at the symbol rate: near the one that is told or stated, or anywhere."""
    near = options.start
    if near is not None and LOWEST_RATE <= near <= HIGHEST_RATE:
        close = symbol_rate_line(iq, near)
        if close.found or options.symbol_rate_hz is not None:
            return close
    line = symbol_rate_line(iq)
    return _half(iq, line) or line


def _half(iq: ComplexArray, line: Line) -> Line | None:
    """The line at half the rate of another, where it is clear: that was its harmonic.

    Pulses with steep edges have harmonics, which may stand out more than the symbol rate.
    """
    if not line.found or line.frequency / 2 < LOWEST_RATE:
        return None
    half = symbol_rate_line(iq, line.frequency / 2)
    return half if half.ratio > _CLEARLY * half.threshold else None


def _is_constant(iq: ComplexArray, band: Band) -> bool:
    kurtosis = envelope_kurtosis(iq, band)
    return kurtosis.value < _CONSTANT_KURTOSIS


def _centre(iq: ComplexArray) -> float:
    """The centre of mass of the spectrum above its floor, in cycles per sample, on the circle."""
    band = band_of(iq)
    above = np.maximum(band.density - band.floor, 0) * band.occupied
    turns = np.arange(len(above)) / len(above)
    centre = float(np.angle(np.sum(above * np.exp(2j * np.pi * turns)))) / (2 * np.pi)
    # the mean on the circle is drawn to nowhere; one more step on the line around it
    around = (turns - centre + 0.5) % 1.0 - 0.5
    return centre + float(np.sum(above * around) / max(float(above.sum()), 1e-30))


def _notes(part: range, total: int) -> tuple[str, ...]:
    if len(part) == total:
        return ()
    return (f"received: samples {part.start:,} to {part.stop:,} of {total:,}",)


def _nothing(
    part: range, line: Line, family: Family, doubts: tuple[str, ...], notes: tuple[str, ...]
) -> Reception:
    empty = np.zeros(0, np.complex64)
    return Reception(empty, part, family, line, None, None, None, None, None, None, doubts, notes)
