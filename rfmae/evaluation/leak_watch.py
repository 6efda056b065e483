"""What the tests of residuals, shapes and copies collect in the one pass over a data set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rfmae.evaluation.leak_carriers import PowerSpectra
from rfmae.evaluation.leak_copies import (
    Sketch,
    joined,
    noise_sketch,
    row_sketch,
)
from rfmae.evaluation.leak_residuals import (
    BLOCKS,
    MOST_SAMPLES,
    block_scores,
    mean_scores,
    noise_spectrum,
    orthonormal,
    residuals_of,
    sample_scores,
    tone_scores,
    whitened_spectrum,
)
from rfmae.evaluation.leak_scores import ClassSums
from rfmae.evaluation.leak_shapes import (
    CarrierPhases,
    block_shape,
    carrier_shape,
    line_shape,
    mean_shape,
    sample_shape,
)
from rfmae.records import ComplexArray, FloatArray, IntArray, View, Views

_NOISE_ROWS = 300
"""Of each split, the examples whose noise is compared at one place."""

_NOISE_SAMPLES = 2048


@dataclass(frozen=True, slots=True)
class Seen:
    """Some examples of a split in file order: I/Q by view, and which of them are measured."""

    split: str
    first: int  # row of the first
    label: IntArray  # (N,) of all of them
    measured: IntArray  # (M,) places among them
    observed: Views
    clean: Views  # empty where there are no twins


class Watcher(Protocol):
    """Something that is shown all examples once."""

    def see(self, seen: Seen) -> None: ...


@dataclass(frozen=True, slots=True)
class Fit:
    """What is fitted beside the twin before a residual is noise: its conjugate, a constant."""

    mirrored: bool = False
    constant: bool = False


class ResidualWatcher:
    """Scores of residuals in a view, by class."""

    def __init__(self, view: View, classes: int, samples: int, fit: Fit) -> None:
        self.view, self._fit = view, fit
        self.samples = samples
        tested = min(samples, MOST_SAMPLES)
        places = {"mean": 5, "tone": tested, "time": BLOCKS, "sample": 3 * tested}
        self.sums = {name: ClassSums(classes, count) for name, count in places.items()}
        self._ratios: list[FloatArray] = []
        self.noise: FloatArray | None = None  # its spectrum, of the first that are seen

    def see(self, seen: Seen) -> None:
        if not len(seen.measured):
            return
        observed, clean = seen.observed[self.view], seen.clean[self.view]
        found = residuals_of(
            observed[seen.measured],
            clean[seen.measured],
            mirrored=self._fit.mirrored,
            constant=self._fit.constant,
        )
        label = seen.label[seen.measured][found.kept]
        if not len(label):
            return
        if self.noise is None:  # receivers filter noise alike in all classes
            self.noise = noise_spectrum(found)
        found = whitened_spectrum(found, self.noise)
        self.sums["mean"].add(label, mean_scores(found))
        self.sums["tone"].add(label, tone_scores(found))
        self.sums["time"].add(label, block_scores(found))
        self.sums["sample"].add(label, sample_scores(found))
        self._ratios.append(found.signal_over_noise)

    @property
    def signal_over_noise(self) -> FloatArray:
        """Of a sample of every example with noise, (N,)."""
        return np.concatenate(self._ratios) if self._ratios else np.zeros(0)


class ShapeWatcher:
    """Scores of examples without twins in a view, by class."""

    def __init__(self, view: View, classes: int, samples: int) -> None:
        self.view, self.samples = view, samples
        tested = min(samples, MOST_SAMPLES)
        blocks = min(BLOCKS, samples // max(samples // BLOCKS, 1))
        places = {"mean": 2, "tone": tested, "time": blocks, "sample": 3 * tested, "carrier": 1}
        self.sums = {name: ClassSums(classes, count) for name, count in places.items()}
        self.phases = CarrierPhases(classes)
        self.spectra = PowerSpectra(classes, samples)

    def see(self, seen: Seen) -> None:
        if not len(seen.measured):
            return
        iq, label = seen.observed[self.view][seen.measured], seen.label[seen.measured]
        self.sums["mean"].add(label, mean_shape(iq))
        self.sums["tone"].add(label, line_shape(iq))
        self.sums["time"].add(label, block_shape(iq))
        self.sums["sample"].add(label, sample_shape(iq))
        self.sums["carrier"].add(label, carrier_shape(iq))
        self.phases.add(label, iq)
        self.spectra.add(label, iq)


@dataclass(slots=True)
class CopyWatcher:
    """Sketches of all rows of a view, and where there are twins of their noise."""

    view: View
    stride: int = 0  # samples between two that have independent noise; 0 without twins
    _rows: list[Sketch] = field(default_factory=list)
    _noise: list[Sketch] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        observed = seen.observed[self.view]
        self._rows.append(row_sketch(observed))
        if self.stride:
            self._noise.append(noise_sketch(residual(observed, seen.clean[self.view]), self.stride))

    @property
    def rows(self) -> Sketch:
        """Of every row, the splits one after another."""
        return joined(self._rows)

    @property
    def noise(self) -> Sketch | None:
        """Of every row's noise, where there are twins."""
        return joined(self._noise) if self._noise else None


class NoiseWatcher:
    """Some examples of each split, kept as they are, with their twins where there are any."""

    def __init__(self, view: View, rows: dict[str, IntArray]) -> None:
        self._view, self._rows = view, rows
        self._kept: list[tuple[ComplexArray, ComplexArray | None]] = []
        self.splits: list[str] = []  # of each
        self.labels: list[int] = []

    def see(self, seen: Seen) -> None:
        observed = seen.observed[self._view]
        wanted = self._rows[seen.split] - seen.first
        here = wanted[(wanted >= 0) & (wanted < len(observed))]
        clean = seen.clean.get(self._view)
        for place in here:
            twin = None if clean is None else clean[place, :_NOISE_SAMPLES]
            self._kept.append((observed[place, :_NOISE_SAMPLES], twin))
            self.splits.append(seen.split)
            self.labels.append(int(seen.label[place]))

    @property
    def observed(self) -> ComplexArray:
        return np.stack([observed for observed, _ in self._kept])

    @property
    def clean(self) -> ComplexArray | None:
        twins = [clean for _, clean in self._kept if clean is not None]
        return np.stack(twins) if twins else None


def noise_rows(chosen: IntArray, snr_db: FloatArray, rng: np.random.Generator) -> IntArray:
    """Ascending rows whose noise is compared: of the chosen ones, those of the lowest SNRs."""
    order = rng.permutation(len(chosen))
    lowest = order[np.argsort(snr_db[chosen][order], kind="stable")[:_NOISE_ROWS]]
    return np.sort(chosen[lowest])


def residual(observed: ComplexArray, clean: ComplexArray) -> ComplexArray:
    """What a twin (N, T), its conjugate and a constant leave of an example, by least squares."""
    basis = orthonormal(clean, mirrored=True, constant=True)
    along = np.einsum("nkt,nt->nk", basis.conj(), observed)
    left: ComplexArray = (observed - np.einsum("nkt,nk->nt", basis, along)).astype(np.complex64)
    return left


def show(watchers: Sequence[Watcher], seen: Seen) -> None:
    """Show some examples to all watchers."""
    for watcher in watchers:
        watcher.see(seen)
