"""Audio for analog modulators: something like speech, and noise of its band."""

import numpy as np
import numpy.typing as npt
from scipy import signal

AUDIO_HZ = 16_000
_CREST = 3.0
Audio = npt.NDArray[np.float64]


def message(kind: str, samples: int, rng: np.random.Generator) -> Audio:
    """Audio (samples,) at 16 kHz within ±1, of 100 to 3,400 Hz: `speech` or `noise`.

    A limiter at three times its rms amplitude comes before the last filter, as in a transmitter.
    """
    raw = _voice(samples, rng) if kind == "speech" else rng.standard_normal(samples)
    band = signal.butter(4, (100, 3400), "bandpass", fs=AUDIO_HZ, output="sos")
    heard = signal.sosfilt(band, raw)
    limited = np.clip(heard, -_CREST * heard.std(), _CREST * heard.std())
    smooth = signal.sosfilt(band, limited)
    return smooth / np.abs(smooth).max()


def _voice(samples: int, rng: np.random.Generator) -> Audio:
    """Pulses of a wandering pitch and breath, through three resonances, in syllables."""
    time = np.arange(samples) / AUDIO_HZ
    pitch_hz = rng.uniform(90, 220) * (1 + 0.1 * np.sin(2 * np.pi * (2 * time + rng.random())))
    turns = np.cumsum(pitch_hz) / AUDIO_HZ
    source = np.diff(np.floor(turns), prepend=0.0) + 0.05 * rng.standard_normal(samples)
    for low_hz, high_hz in ((300, 800), (900, 2200), (2300, 3000)):
        centre = rng.uniform(low_hz, high_hz)
        b, a = signal.iirpeak(centre, centre / 150, fs=AUDIO_HZ)
        source = source + 2 * signal.lfilter(b, a, source)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * (rng.uniform(3, 6) * time + rng.random()))
    return source * syllables
