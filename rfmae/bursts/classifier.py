"""The classifier that comes along, for scripts: from I/Q to bursts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.bursts.identifying import IdentifyOptions, shipped_network
from rfmae.bursts.network import BurstNetwork, load_network
from rfmae.bursts.recording import identify
from rfmae.bursts.records import BurstAnswer
from rfmae.errors import ShapeError
from rfmae.records import ComplexArray


class BurstClassifier:
    """From a recording to its bursts and their modulations.

    It detects, isolates, synchronises and names; what it does not know is `unknown`. `classes` are
    the modulations that it knows, and `card` says what it was trained on and how well it does.
    """

    def __init__(self, network: BurstNetwork) -> None:
        self.network = network

    @property
    def classes(self) -> tuple[str, ...]:
        """The modulations that it knows, and `noise`."""
        return self.network.classes

    @property
    def card(self) -> Mapping[str, Any]:
        """What the network was trained on, and how it did."""
        return self.network.card

    def __call__(
        self,
        iq: npt.ArrayLike,
        sample_rate: float = 1.0,
        *,
        symbol_rate: float | None = None,
        centre: float | None = None,
        bandwidth: float | None = None,
        roll_off: float | None = None,
    ) -> tuple[BurstAnswer, ...] | list[tuple[BurstAnswer, ...]]:
        """The bursts of a recording, or those of each of several.

        Args:
            iq: Complex samples (T,), or I and Q as real numbers (2, T), of any gain; of several
                recordings (N, T) complex or (N, 2, T) real.
            sample_rate: In Hz; 1 leaves frequencies in cycles per sample.
            symbol_rate: In Bd, where it is known.
            centre: Centre of the band to look at, in Hz from that of the recording.
            bandwidth: Width of that band, in Hz.
            roll_off: Of the matched filter, where it is known.

        Returns:
            Bursts in the order of their beginning, none where there is noise alone; of several
            recordings a list of N.

        Raises:
            ShapeError: Samples of another shape, or too few.
            CaptureError: A rate or a band that cannot be.
        """
        options = IdentifyOptions(symbol_rate, centre, bandwidth, roll_off)
        rows = complex_rows(iq)
        found = [identify(row, sample_rate, options, self.network).bursts for row in rows]
        return found if _is_batch(iq) else found[0]


def load_burst_classifier(folder: str | Path | None = None) -> BurstClassifier:
    """The classifier of a folder, or the one that comes along.

    Args:
        folder: Weights and card of `rfmae train-bursts`; None is the one that comes along.

    Returns:
        A callable from I/Q and a sample rate to bursts.

    Raises:
        CheckpointError: Weights that are missing, or are not those that their card states.
    """
    return BurstClassifier(shipped_network() if folder is None else load_network(Path(folder)))


def complex_rows(iq: npt.ArrayLike) -> ComplexArray:
    """Complex samples (N, T) of I/Q (T,) or (N, T) complex, (2, T) or (N, 2, T) real."""
    values = np.asarray(iq)
    if np.iscomplexobj(values) and values.ndim in (1, 2):
        return np.atleast_2d(values)
    if values.dtype.kind in "fiu" and values.ndim in (2, 3) and values.shape[-2] == 2:
        rails = values.astype(np.float32)
        return np.atleast_2d(rails[..., 0, :] + 1j * rails[..., 1, :])
    raise ShapeError(
        "I/Q must be complex (T,) or (N, T), or real (2, T) or (N, 2, T), "
        f"got {values.dtype} {values.shape}"
    )


def _is_batch(iq: npt.ArrayLike) -> bool:
    values = np.asarray(iq)
    return values.ndim == (2 if np.iscomplexobj(values) else 3)
