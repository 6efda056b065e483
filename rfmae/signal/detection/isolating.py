"""One burst on its own: mixed to zero frequency, filtered, at a rate that fits its band."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import fft, ifft, next_fast_len

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.burst import Burst, wrapped

MOST_SAMPLES = 2**20
"""Of an isolated burst; of longer ones the beginning is kept."""

_LONGEST = 2**24  # samples that are transformed at once
_AROUND = 200  # samples of noise before and after, at the new rate


@dataclass(frozen=True, slots=True)
class Isolated:
    """One burst at about zero frequency, at a rate of its own.

    Sample t of `iq` was sample `origin + t / rate` of the recording; the burst itself is
    `iq[first:stop]`, with noise around it where the recording has some.
    """

    iq: ComplexArray  # (T',) complex64
    rate: float  # new samples per old sample
    centre: float  # cycles per old sample: what is at zero frequency now
    snr_db: float  # of the occupied band
    occupied: float  # width of the band, cycles per new sample
    first: int  # new sample that the burst begins at
    stop: int  # and the one after its last
    origin: int  # old sample of the first new one
    notes: tuple[str, ...] = ()


def isolate(iq: ComplexArray, burst: Burst, samples_per_bandwidth: float = 3.0) -> Isolated:
    """A burst of a recording (T,) alone.

    The drift is taken out, the band is filtered with smooth edges, and the rate becomes some
    `samples_per_bandwidth` times the occupied bandwidth by selecting bins of one Fourier transform,
    so that any ratio does. The rate never rises, and a burst without an empty band stays as it is.

    Args:
        iq: The recording that the burst was found in, finite.
        burst: From `detect`.
        samples_per_bandwidth: Of the new rate over the occupied bandwidth, above 1.

    Returns:
        The samples with rate, centre and place of the burst.

    Raises:
        ShapeError: A burst that ends behind the recording, or a rate that cuts its band.
    """
    if np.ndim(iq) != 1 or burst.stop > len(iq):
        raise ShapeError(
            f"a burst must lie within its recording (T,), got samples {burst.start} to "
            f"{burst.stop} of {np.shape(iq)}"
        )
    if not samples_per_bandwidth > 1:
        raise ShapeError(f"samples_per_bandwidth must be above 1, got {samples_per_bandwidth}")
    rate = 1.0 if burst.whole_band else min(1.0, samples_per_bandwidth * burst.occupied)
    around = math.ceil(_AROUND / rate)
    begin, end = max(burst.start - around, 0), min(burst.stop + around, len(iq))
    most = min(int(MOST_SAMPLES / rate), _LONGEST)
    notes: tuple[str, ...] = ()
    if end - begin > most:
        end = begin + most
        kept = min(end, burst.stop) - burst.start
        notes = (f"the first {kept:,} of {burst.length:,} samples of the burst are used",)
    centre = 0.0 if burst.whole_band else burst.centre
    part = np.asarray(iq[begin:end], np.complex64)
    if burst.drift:
        middle = (burst.start + burst.stop) / 2 - begin
        part = without_drift(part, burst.drift, middle)
    if rate < 1:
        part, rate = select_band(part, centre, rate, burst.occupied)
    elif centre:
        part = part * _turning(len(part), -centre)
    first = round((burst.start - begin) * rate)
    stop = min(round((burst.stop - begin) * rate), len(part))
    return Isolated(
        part[:MOST_SAMPLES],
        rate,
        wrapped(centre),
        burst.snr_db,
        burst.occupied / rate,
        first,
        min(stop, MOST_SAMPLES),
        begin,
        notes,
    )


def select_band(
    iq: ComplexArray, centre: float, width: float, flat: float | None = None
) -> tuple[ComplexArray, float]:
    """The band of (T,) around a centre at the rate of its width, and that rate.

    `flat` is the width of the middle that stays as it is; towards the edges the response falls as a
    raised cosine. None leaves all of it.
    """
    count = len(iq)
    length = next_fast_len(count + min(count // 8, 4096))
    kept = min(max(2 * math.ceil(width * length / 2), 2), length)
    spectrum = fft(np.asarray(iq, np.complex64), length)
    middle = round(centre * length)
    offsets = np.arange(kept) - kept // 2
    chosen = spectrum[(middle + offsets) % length]
    if flat is not None:
        chosen = chosen * _edges(2 * np.abs(offsets) / kept, min(flat * length / kept, 1.0))
    rate = kept / length
    found = ifft(np.fft.ifftshift(chosen).astype(np.complex64)) * np.float32(rate)
    found = found[: max(math.ceil(count * rate), 1)]
    residual = (centre - middle / length) / rate
    if abs(residual) * len(found) > 1e-3:
        found = found * _turning(len(found), -residual)
    return np.asarray(found, np.complex64), rate


def without_drift(iq: ComplexArray, drift: float, middle: float) -> ComplexArray:
    """Samples (T,) whose frequency no longer walks by `drift`, as it is at sample `middle`."""
    t = np.arange(len(iq)) - middle
    return np.asarray(iq * np.exp(-1j * np.pi * drift * t**2), np.complex64)


def _turning(count: int, frequency: float) -> ComplexArray:
    return np.exp(2j * np.pi * frequency * np.arange(count)).astype(np.complex64)


def _edges(distance: FloatArray, flat: float) -> FloatArray:
    """1 within `flat` of half the band, 0 at its edge."""
    place = np.clip((distance - flat) / max(1 - flat, 1e-9), 0, 1)
    return np.asarray(np.cos(np.pi / 2 * place) ** 2, np.float32)
