"""Recorded examples as their own targets, for pre-training without clean twins.

A recording is all that is known of its signal. So it is the target itself: as it is, which a masked
autoencoder predicts where it is hidden; or behind more noise, which is what the network sees. With
the squared error a network then learns the mean of the recordings that look alike behind the noise
(Lehtinen et al., Noise2Noise, ICML 2018; Moran et al., Noisier2Noise, CVPR 2020): what noise the
recording had is in part predicted too, so that it denoises no further than to the recording.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset, Rows
from rfmae.errors import TrainingError
from rfmae.records import ComplexArray, FloatArray, IqBatch, IqPairBatch, View
from rfmae.units import db_to_ratio, ratio_to_db

_ALL = slice(None)
_LARGEST_DB = 60.0


@dataclass(frozen=True, slots=True)
class AddedNoise:
    """White noise that is added to a recording: `lowest_db` to `highest_db` below its power.

    Each example has a ratio of its own, uniform in decibels.
    """

    lowest_db: float
    highest_db: float

    def __post_init__(self) -> None:
        if not -_LARGEST_DB <= self.lowest_db <= self.highest_db <= _LARGEST_DB:
            raise TrainingError(
                f"added noise lies {-_LARGEST_DB:g} to {_LARGEST_DB:g} dB below the recording, the "
                f"lower first, got {self.lowest_db:g}:{self.highest_db:g}"
            )

    def __str__(self) -> str:
        if self.lowest_db == self.highest_db:
            return f"{self.lowest_db:g} dB below the recording"
        return f"{self.lowest_db:g} to {self.highest_db:g} dB below the recording"

    def losses_db(self, snr_db: float) -> tuple[float, float]:
        """What an example of an SNR loses of it, least and most."""
        return snr_loss_db(snr_db, self.highest_db), snr_loss_db(snr_db, self.lowest_db)


def parse_added_noise(text: str) -> AddedNoise:
    """Added noise as it is written: one ratio in dB, or a range of them.

    >>> parse_added_noise("0:10")
    AddedNoise(lowest_db=0.0, highest_db=10.0)
    """
    try:
        ends = [float(word) for word in text.split(":")]
    except ValueError:
        ends = []
    if len(ends) not in (1, 2) or not all(map(math.isfinite, ends)):
        raise TrainingError(
            f"added noise is one ratio in dB or a range, such as 5 or 0:10, got {text!r}"
        )
    return AddedNoise(ends[0], ends[-1])


def snr_loss_db(snr_db: float, ratio_db: float) -> float:
    """How many dB of SNR are lost to noise that lies `ratio_db` below signal and noise together.

    The noise grows from N to N + (S + N)/r, so the loss is 1 + (1 + S/N)/r.

    >>> round(snr_loss_db(0, 0), 2)
    4.77
    """
    return float(ratio_to_db(1 + (1 + db_to_ratio(snr_db)) / db_to_ratio(ratio_db)))


@dataclass(frozen=True, slots=True)
class OwnTargets(Dataset):
    """A data set whose examples stand in the place of their clean twins.

    With `noise` what is observed has more of it, the same for an example each time it is read;
    `seed` and the place of the example decide it.
    """

    noise: AddedNoise | None = None
    seed: int = 0

    @property
    def is_on_disk(self) -> bool:
        return False  # what is read is not what the folder holds

    def check_clean(self) -> None:
        """Every example has a target."""

    def read(self, split: str, rows: Rows = _ALL, view: View | None = None) -> IqPairBatch:
        """Examples with more noise, and as they were recorded."""
        recorded = Dataset.read_observed(self, split, rows, view)
        return IqPairBatch(self._noisier(recorded, split, rows), recorded.iq)

    def read_observed(self, split: str, rows: Rows = _ALL, view: View | None = None) -> IqBatch:
        return self._noisier(Dataset.read_observed(self, split, rows, view), split, rows)

    def _noisier(self, batch: IqBatch, split: str, rows: Rows) -> IqBatch:
        if self.noise is None:
            return batch
        count = self.examples(split)
        places = np.arange(count)[rows]
        added = [self._noise(iq, split, int(row)) for iq, row in zip(batch.iq, places, strict=True)]
        return replace(batch, iq=batch.iq + np.array(added, np.complex64).reshape(batch.iq.shape))

    def _noise(self, iq: ComplexArray, split: str, row: int) -> ComplexArray:
        assert self.noise is not None
        rng = np.random.default_rng([self.seed, SPLITS.index(split), row])
        ratio_db = rng.uniform(self.noise.lowest_db, self.noise.highest_db)
        power = float(np.mean(np.square(np.abs(iq)))) / db_to_ratio(ratio_db)
        parts: FloatArray = rng.standard_normal((2, len(iq)))
        noise: ComplexArray = (np.sqrt(power / 2) * (parts[0] + 1j * parts[1])).astype(np.complex64)
        return noise
