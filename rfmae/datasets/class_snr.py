"""Whether the SNR that an imported data set states means the same for all of its classes.

The SNR of linear modulations can be measured without their recipe. Of waveforms, from the noise
floor beside their band, for which a root raised cosine is taken. Of symbols, from the second and
fourth moment, where the amplitudes of the points do not vary as those of noise do (M2M4 is blind at
a kurtosis of 2). Other families fill another band or lose energy in the matched filter.
"""

from collections.abc import Mapping

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.errors import RfmaeError
from rfmae.records import ClassSnr, ComplexArray, FloatArray, IntArray
from rfmae.signal.class_matching import table_row
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import unit_power
from rfmae.signal.recording_checks import symbol_doubts
from rfmae.signal.snr_estimation import SNR_RANGE_DB, m2m4_snr_db, noise_floor_snr_db

_SPLIT = "train"
_ROWS = 24  # of each class and SNR point
_MOST_POINTS = 11
_LEAST_ROWS = 3
_LEAST_SYMBOLS = 2_000  # of the moments of a class and point

_LINEAR = {"memoryless", "rotating", "differential"}
_MOST_KURTOSIS = 1.7  # 1.64 of 4PAM; above, the noise of the estimate grows without bound
_CONSTANT_KURTOSIS = 1.01  # of points on one circle
_LOWEST_DB, _HIGHEST_DB = -2.0, SNR_RANGE_DB[1] - 2.0  # of estimates, away from where they clip
_HIGHEST_OF_LEVELS_DB = 13.0  # of moments of symbols with several amplitudes
_SLOPES = (0.6, 1.4)  # dB of an estimate for each dB of the label


def class_snr(dataset: Dataset) -> ClassSnr:
    """Measured Es/N0 less the stated SNR of each class, the median over its SNR points, in dB.

    From training examples, at most 24 of each class and point and 11 points. A class counts where
    its estimates rise with its labels; one whose noise was filtered, for example, has no floor.
    """
    label, snr_db = dataset.labels(_SPLIT)
    above, bits, unmeasured = {}, {}, {}
    for number, name in enumerate(dataset.classes):
        row, own = table_row(name), label == number
        rows = {
            point: np.flatnonzero(own & (snr_db == np.float32(point)))[:_ROWS]
            for point in _some(dataset.snr_db)
        }
        measured, why = _measured(dataset, row, rows)
        if why or row is None:
            unmeasured[name] = why
            continue
        above[name] = float(np.median([value - point for point, value in measured.items()]))
        bits[name] = row.bits_per_symbol
    return ClassSnr(above, bits, unmeasured)


def _measured(
    dataset: Dataset, row: Modulation | None, rows: Mapping[float, IntArray]
) -> tuple[dict[float, float], str]:
    """Es/N0 of a class by its stated SNR, and why it cannot be measured where it cannot."""
    why = _unfit(dataset, row)
    if why or row is None:
        return {}, why
    measured, why = _estimates(dataset, row, rows)
    return measured, why or _not_following(measured)


def _some(snr_db: tuple[float, ...]) -> tuple[float, ...]:
    """Points from the first to the last, evenly."""
    places = np.linspace(0, len(snr_db) - 1, min(len(snr_db), _MOST_POINTS))
    return tuple(snr_db[int(place)] for place in np.rint(places))


def _unfit(dataset: Dataset, row: Modulation | None) -> str:
    """Why the SNR of a modulation cannot be measured; empty where it can."""
    if row is None:
        return "the table of modulations does not know the name"
    if row.family not in _LINEAR:
        return "it is not linear"
    if dataset.samples_per_symbol() == 1 and _kurtosis(row) > _MOST_KURTOSIS:
        return "its amplitudes vary as those of noise do"
    return ""


def _kurtosis(row: Modulation) -> float:
    power = np.square(np.abs(row.alphabet.astype(np.complex128)))
    return float(np.square(power).mean() / power.mean() ** 2)


def _estimates(
    dataset: Dataset, row: Modulation, rows: Mapping[float, IntArray]
) -> tuple[dict[float, float], str]:
    """Es/N0 at the points where the estimate holds, and why there is none where there is none."""
    found: dict[float, float] = {}
    for point, some in sorted(rows.items(), reverse=True):  # doubts show at the highest first
        if len(some) < _LEAST_ROWS:
            continue
        iq = dataset.read_observed(_SPLIT, some).iq
        iq = unit_power(iq[np.any(iq, axis=1)])
        if dataset.samples_per_symbol() == 1 and (doubts := symbol_doubts(iq.ravel())):
            return {}, f"its samples cannot be symbols: {doubts[0]}"
        try:
            estimate, highest = _estimate(iq, row, dataset.samples_per_symbol())
        except RfmaeError as error:
            return {}, str(error)
        if _LOWEST_DB <= estimate <= highest:
            found[point] = estimate
    return found, "" if found else "it has too few examples, or none of an SNR to be measured"


def _estimate(iq: ComplexArray, row: Modulation, samples_per_symbol: float) -> tuple[float, float]:
    """Es/N0 in dB of examples (N, T) of one class and point, and up to where that holds."""
    if samples_per_symbol != 1:
        each: FloatArray = noise_floor_snr_db(iq, Pulse(), samples_per_symbol)
        return float(np.median(each)), _HIGHEST_DB
    if iq.size < _LEAST_SYMBOLS:
        return -np.inf, _HIGHEST_DB
    kurtosis = _kurtosis(row)
    highest = _HIGHEST_DB if kurtosis < _CONSTANT_KURTOSIS else _HIGHEST_OF_LEVELS_DB
    return float(m2m4_snr_db(iq.reshape(1, -1), max(kurtosis, 1.0))[0]), highest


def _not_following(measured: Mapping[float, float]) -> str:
    """Why estimates are not those of the labels; empty where they rise with them."""
    if len(measured) < 2:
        return "its SNR could be measured at fewer than two points"
    stated, values = np.array(list(measured)), np.array(list(measured.values()))
    slope = round(float(np.polyfit(stated, values, 1)[0]), 1) + 0.0  # which is no -0.0
    if _SLOPES[0] <= slope <= _SLOPES[1]:
        return ""
    return f"what was measured rises by {slope:.1f} dB for each dB of the label"
