"""Recordings of one burst each to learn from, at rates, lengths and defects of practice."""

from dataclasses import dataclass

import numpy as np

from rfmae.bursts.practice_channel import (
    carrier_of,
    carrier_phasors,
    key,
    noisy_recording,
    received,
    silence,
    through_channel,
)
from rfmae.bursts.practice_settings import Practice, Rng, unit_power
from rfmae.bursts.practice_signals import SYMBOL_SPACED, sent_signal, sent_symbols
from rfmae.bursts.records import NOISE
from rfmae.records import ComplexArray
from rfmae.signal.detection import Burst
from rfmae.signal.detection.burst import wrapped
from rfmae.units import db_to_ratio


@dataclass(frozen=True, slots=True)
class PracticeRecording:
    """A recording (T,) with its class, and what is true of its burst."""

    iq: ComplexArray
    clean: ComplexArray  # the same without any noise, as long
    name: str
    start: int
    stop: int
    carrier: float  # cycles per sample
    occupied: float
    snr_db: float
    symbol_rate: float  # symbols per sample; nan where there are none
    whole_band: bool
    kind: str = ""  # of other signals

    @property
    def burst(self) -> Burst:
        """Where it truly is."""
        low = wrapped(self.carrier - self.occupied / 2)
        high = low + self.occupied
        return Burst(self.start, self.stop, low, high, self.snr_db, whole_band=self.whole_band)


def practice_recording(name: str, rng: Rng, practice: Practice) -> PracticeRecording:
    """One recording of a class, `other` or noise, all its properties drawn."""
    whole = rng.random() < practice.whole_band and name in SYMBOL_SPACED
    sent = sent_symbols(name, rng, practice) if whole else sent_signal(name, rng, practice)
    waveform = unit_power(through_channel(sent, rng, practice))
    carrier = 0.0 if whole else carrier_of(sent.occupied, rng)
    if whole:
        carrier = float(rng.uniform(-0.02, 0.02))
    count = len(waveform)
    shifted = waveform * carrier_phasors(count, carrier, sent, rng, practice)
    before, after = 0, 0
    if rng.random() < practice.bursts and name != NOISE:
        before, after = (int(count * rng.uniform(0.1, 0.8)) for _ in range(2))
        if rng.random() < practice.trains:
            silence(shifted, sent, rng)
        else:
            key(shifted, sent.symbol_rate)
    clean = np.concatenate(
        [np.zeros(before, np.complex64), shifted, np.zeros(after, np.complex64)]
    ).astype(np.complex64)
    snr_db = practice.snr_db.even(rng)
    width = 1.0 if whole else sent.occupied
    power = db_to_ratio(-snr_db) / width
    noisy = noisy_recording(clean, power, rng, practice)
    return PracticeRecording(
        received(noisy, rng, practice),
        clean,
        name,
        before,
        before + count,
        carrier,
        width,
        snr_db,
        1.0 if whole and name != NOISE else sent.symbol_rate,
        whole,
        sent.kind,
    )
