"""Isolated bursts without the noise around them, as estimates are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.detection import Isolated

_LONGEST = 2**17  # samples of a burst that estimates are made of
_EVEN = 0.8  # of the band that isolation keeps: where its filter can be undone


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one burst, and where they lie in the recording."""

    iq: ComplexArray  # (T,)
    rate_hz: float
    centre_hz: float  # what is at zero frequency, from the centre of the recording
    occupied: float  # width of its band, cycles per sample
    filtered: bool = False  # by the raised cosine of isolation

    def as_received(self, width: float = _EVEN) -> "Stretch":
        """The middle of its band, at the rate of that, with noise as even as it was received.

        Isolation lets less noise through the farther it is from the burst; a receiver would take
        that for the shape of the signal, and for a floor that is lower than it is. `width` is a
        share of the present band, up to 0.8 of one that was filtered.
        """
        spectrum = np.fft.fft(self.iq)
        kept = 2 * int(min(width, _EVEN if self.filtered else 1.0) * len(spectrum) / 2)
        if kept == len(spectrum) or kept < 2:
            return self
        offsets = np.fft.fftfreq(kept, 1 / kept).astype(int)
        chosen = spectrum[offsets % len(spectrum)]
        if self.filtered:
            chosen = chosen / _response(2 * np.abs(offsets) / len(spectrum), self.occupied)
        share = kept / len(spectrum)
        middle = (np.fft.ifft(chosen) * share).astype(np.complex64)
        return Stretch(middle, self.rate_hz * share, self.centre_hz, self.occupied / share)


def stretch_of(part: Isolated, sample_rate_hz: float) -> Stretch:
    """The beginning of an isolated burst, up to 2**17 samples."""
    iq = part.iq[part.first : part.stop][:_LONGEST]
    centre_hz = part.centre * sample_rate_hz
    return Stretch(iq, sample_rate_hz * part.rate, centre_hz, part.occupied, part.rate < 1)


def longest_first(parts: Sequence[Isolated], sample_rate_hz: float) -> list[Stretch]:
    """The stretches of bursts in the order of their length."""
    found = [stretch_of(part, sample_rate_hz) for part in parts]
    return sorted(found, key=lambda stretch: len(stretch.iq), reverse=True)


def _response(distance: np.ndarray, flat: float) -> np.ndarray:
    """Of the filter of `isolate`, over the distance from the middle in halves of its band."""
    place = np.clip((distance - flat) / max(1 - flat, 1e-9), 0, 1)
    return np.asarray(np.cos(np.pi / 2 * place) ** 2)
