"""From a recording to its bursts, each with its modulation and what was estimated of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from rfmae.bursts.agreeing import OUTLIER, judged_together
from rfmae.bursts.carriers import is_carrier_alone
from rfmae.bursts.estimates import Estimates, estimates_of
from rfmae.bursts.features.vector import LEAST_SAMPLES, Measured, measure
from rfmae.bursts.gain import suitable_gain
from rfmae.bursts.grouping import SHORT, same_band_groups
from rfmae.bursts.leaving_out import own_signals
from rfmae.bursts.network import BurstNetwork, load_network
from rfmae.bursts.records import UNKNOWN, BurstAnswer, RecordingAnswer
from rfmae.bursts.told_bands import outside_notes, told_bursts
from rfmae.bursts.windows import windows_of
from rfmae.errors import CaptureError, ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.symbol_rate import HIGHEST_RATE, LOWEST_RATE, band_of
from rfmae.signal.cleaning import clean
from rfmae.signal.detection import Burst, DetectionOptions, Isolated, detect, isolate
from rfmae.units import ratio_to_db

SURE = 0.5
"""Probability of the best class below which a burst is unknown."""

_ANALOGUE = ("AM", "FM")  # a message says what they are, and takes its time
_LEAST_KNOWN = 1e-6  # the weight of a window that knows nothing
_FOR_FLOOR = 2**20  # samples
_KEPT = 8192  # samples and symbols that are kept to be drawn


@dataclass(frozen=True, slots=True)
class IdentifyOptions:
    """What a caller knows of the signal, in Hz; frequencies count from the recording's centre.

    A band that is told is searched in time alone. `false_alarm_rate` is that of a recording of
    noise.
    """

    symbol_rate_hz: float | None = None
    centre_hz: float | None = None
    bandwidth_hz: float | None = None
    roll_off: float | None = None
    false_alarm_rate: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("symbol_rate_hz", "bandwidth_hz"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise CaptureError(f"{name} must be finite and above 0 Hz, got {value:g}")
        if self.centre_hz is not None and not math.isfinite(self.centre_hz):
            raise CaptureError(f"centre_hz must be finite, got {self.centre_hz:g}")
        if self.roll_off is not None and not 0.02 <= self.roll_off <= 1:
            raise CaptureError(f"roll_off must lie between 0.02 and 1, got {self.roll_off:g}")


BLIND = IdentifyOptions()


def identify_at_once(
    iq: ComplexArray,
    sample_rate_hz: float,
    options: IdentifyOptions = BLIND,
    network: BurstNetwork | None = None,
) -> RecordingAnswer:
    """The bursts of a recording (T,) that is short enough to be searched together.

    See `rfmae.bursts.recording.identify`, which takes any.
    """
    _check(iq)
    check_options(sample_rate_hz, options)
    network = network or shipped_network()
    gain = suitable_gain(np.asarray(iq))
    cleaned = clean(np.asarray(iq) if gain == 1 else _times(iq, gain))
    found = detect(cleaned.iq, cleaned.live, DetectionOptions(options.false_alarm_rate))
    centre, width = (
        None if value is None else value / sample_rate_hz
        for value in (options.centre_hz, options.bandwidth_hz)
    )
    told = told_bursts(found, len(cleaned.iq), centre, width)
    answers = _answers(cleaned.iq, told, sample_rate_hz, options, network)
    kept, left_out = own_signals(judged_together(answers))
    notes = (*cleaned.notes, *outside_notes(found, told), *left_out)
    density_db = _noise_density_db(cleaned.iq) - 2 * float(ratio_to_db(gain))
    return RecordingAnswer(sample_rate_hz, len(iq), tuple(kept), notes, density_db)


def _times(iq: ComplexArray, gain: float) -> ComplexArray:
    """Samples at another gain, in double precision, which holds any; infinities stay."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.asarray(iq, np.complex128) * gain, np.complex64)


def _noise_density_db(iq: ComplexArray) -> float:
    """The floor of the emptiest part of the band of (T,), nan where there is nothing."""
    floor = band_of(iq[:_FOR_FLOOR]).floor
    return float(ratio_to_db(floor)) if floor > 0 else math.nan


@lru_cache(maxsize=1)
def shipped_network() -> BurstNetwork:
    """The network that comes along, loaded once."""
    return load_network()


def _check(iq: ComplexArray) -> None:
    if np.ndim(iq) != 1 or not np.iscomplexobj(iq):
        raise ShapeError(f"a recording must be complex samples (T,), got {np.shape(iq)}")
    if len(iq) < LEAST_SAMPLES:
        raise ShapeError(f"a recording needs {LEAST_SAMPLES} samples at least, got {len(iq)}")


def check_options(sample_rate_hz: float, options: IdentifyOptions) -> None:
    """Refuse rates and bands that cannot be."""
    if not (math.isfinite(sample_rate_hz) and sample_rate_hz > 0):
        raise CaptureError(f"the sample rate must be finite and above 0 Hz, got {sample_rate_hz:g}")
    half = sample_rate_hz / 2
    if options.symbol_rate_hz is not None and options.symbol_rate_hz > sample_rate_hz:
        raise CaptureError(
            f"the symbol rate must not exceed the sample rate, {sample_rate_hz:,.12g} Hz, "
            f"got {options.symbol_rate_hz:,.12g} Bd"
        )
    centre, width = options.centre_hz or 0.0, options.bandwidth_hz or 0.0
    if abs(centre) > half or width > sample_rate_hz:
        raise CaptureError(
            f"the band must lie within ±{half:,.12g} Hz of the centre of the recording, "
            f"got {width:,.12g} Hz around {centre:,.12g} Hz"
        )


# answers ---------------------------------------------------------------------------------------


def _answers(
    iq: ComplexArray,
    bursts: Sequence[Burst],
    sample_rate_hz: float,
    options: IdentifyOptions,
    network: BurstNetwork,
) -> list[BurstAnswer]:
    """One answer for each burst; short bursts of one band are named together."""
    answers: list[BurstAnswer] = []
    for group in same_band_groups(bursts):
        together = [bursts[number] for number in group]
        parts = [isolate(iq, burst) for burst in together]
        answers += name_bursts(together, parts, sample_rate_hz, options, network)
    return sorted(answers, key=lambda answer: (answer.start, answer.centre_hz))


def name_bursts(
    bursts: Sequence[Burst],
    parts: Sequence[Isolated],
    sample_rate_hz: float,
    options: IdentifyOptions,
    network: BurstNetwork,
) -> list[BurstAnswer]:
    """One answer for each of some bursts of one band, named by all the isolated parts together.

    The first parts are those of the bursts.
    """
    found = _identified(parts, bursts[0], sample_rate_hz, options, network)
    return [
        _answer(burst, part, found, sample_rate_hz, len(parts))
        for burst, part in zip(bursts, parts, strict=False)
    ]


@dataclass(frozen=True, slots=True)
class _Identified:
    """What is said of all bursts of a group."""

    names: tuple[str, ...]  # (M,), the last for other signals
    windows: FloatArray  # (W, M)
    whole: FloatArray  # (M,)
    outlier_score: float  # unknown above 1
    estimates: Estimates
    measured: Measured | None
    received: ComplexArray
    is_carrier: bool = False

    @property
    def extent(self) -> float:
        """Bandwidth times duration of the longest burst."""
        return 0.0 if self.measured is None else len(self.received) * self.measured.rates.occupied

    @property
    def best(self) -> str:
        return self.names[int(self.whole[:-1].argmax())]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the name is not to be trusted; empty where it is."""
        if self.measured is None:
            return (
                f"too short: {len(self.received):,} samples at the rate of its band, "
                f"{LEAST_SAMPLES} are needed",
            )
        if self.is_carrier:
            return ("a carrier without modulation",)
        if self.outlier_score > 1:
            return (OUTLIER,)
        if self.best in _ANALOGUE and self.extent < SHORT:
            return (
                f"too short to tell an analogue modulation: bandwidth times duration is "
                f"{self.extent:.0f}, {SHORT} is needed",
            )
        if self.whole[:-1].max() < SURE:
            order = np.argsort(-self.whole)[:3]
            words = ", ".join(f"{self.names[n]} {self.whole[n]:.2f}" for n in order)
            return (f"cannot be told apart: {words}",)
        return ()


def _identified(
    parts: Sequence[Isolated],
    burst: Burst,
    sample_rate_hz: float,
    options: IdentifyOptions,
    network: BurstNetwork,
) -> _Identified:
    told, notes = _told_rate(options.symbol_rate_hz, sample_rate_hz * parts[0].rate)
    longest = max(parts, key=lambda part: part.stop - part.first)
    stretch = longest.iq[longest.first : longest.stop]
    snr_db = float(np.mean([part.snr_db for part in parts]))
    measured = []
    for window in windows_of(parts):
        part = parts[window.part or 0]  # each has a rate of its own
        measured.append(
            measure(
                window.iq,
                part.occupied,
                snr_db,
                whole_band=burst.whole_band,
                told_rate=None if told is None else told / (sample_rate_hz * part.rate),
                roll_off=options.roll_off,
            )
        )
    if not measured:
        empty = np.full(len(network.names), 1 / len(network.names))
        nothing = Estimates()
        return _Identified(network.names, empty[None], empty, math.inf, nothing, None, stretch)
    vectors = np.stack([item.vector for item in measured])
    said = network(vectors)
    weights = _known(said)
    whole = _pooled(said, weights)
    best = network.classes[int(whole[:-1].argmax())]
    chosen = measured[int(weights.argmax())]
    found = estimates_of(best, parts, chosen, sample_rate_hz, options.roll_off, told)
    found = replace(found, notes=(*notes, *found.notes))
    return _Identified(
        network.names,
        said,
        whole,
        float(weights @ network.outlier_scores(vectors) / weights.sum()),
        found,
        chosen,
        stretch,
        is_carrier_alone(longest),
    )


def _told_rate(
    symbol_rate_hz: float | None, rate_hz: float
) -> tuple[float | None, tuple[str, ...]]:
    """The symbol rate that is told, or a note that it does not fit a burst of such a rate."""
    if symbol_rate_hz is None:
        return None, ()
    if LOWEST_RATE <= symbol_rate_hz / rate_hz <= HIGHEST_RATE:
        return symbol_rate_hz, ()
    return None, (f"{symbol_rate_hz:,.12g} Bd does not fit the band of this burst: not used",)


def _known(probabilities: FloatArray) -> FloatArray:
    """How much each window (W, M) knows: its information over that of a certain one."""
    share = probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-12)
    logs = np.log(np.maximum(share, 1e-12))
    entropy = -(share * logs).sum(axis=1)
    return np.asarray(np.maximum(1 - entropy / np.log(share.shape[1]), _LEAST_KNOWN))


def _pooled(probabilities: FloatArray, weights: FloatArray) -> FloatArray:
    """The weighted geometric mean of windows (W, M), normalised, (M,)."""
    logs = np.log(np.maximum(probabilities, 1e-9))
    evidence = weights @ logs / weights.sum()
    odds = np.exp(evidence - evidence.max())
    return np.asarray(odds / odds.sum())


def _answer(
    burst: Burst, part: Isolated, together: _Identified, sample_rate_hz: float, count: int
) -> BurstAnswer:
    reasons = together.reasons
    found = together.estimates
    notes = list(part.notes)
    if count > 1:
        together_words = f"named together: {count:,} short bursts of one band"
        notes.append(f"{together_words}, whose estimates are of the longest of them")
    if burst.drift:
        notes.append("drifts: its band and carrier are those of its middle")
    centre_hz = burst.centre * sample_rate_hz
    return BurstAnswer(
        start=burst.start,
        stop=burst.stop,
        centre_hz=centre_hz,
        bandwidth_hz=burst.occupied * sample_rate_hz,
        drift_hz=burst.drift * burst.length * sample_rate_hz,
        snr_db=burst.snr_db,
        modulation=UNKNOWN if reasons else together.best,
        probability=float(together.whole[:-1].max()),
        best=together.best,
        probabilities=dict(zip(together.names, together.whole.tolist(), strict=True)),
        outlier_score=together.outlier_score,
        reasons=reasons,
        notes=(*notes, *found.notes),
        symbol_rate_hz=found.symbol_rate,
        carrier_hz=found.carrier,
        roll_off=found.roll_off,
        symbol_snr_db=found.symbol_snr_db,
        windows=None if together.measured is None else together.windows,
        received=together.received[:_KEPT],
        symbols=None if together.measured is None else found.symbols[:_KEPT],
    )
