"""Classifiers of constellation images, which show the points of planes but not their order.

Exact: where all symbols are independent, the plane of symbols is drawn and its unit is absolute,
the order carries no information: the classifier's likelihood is that of the sequence and the image
loses nothing. In units of each frame's own rms it loses one number, the frame's power.

A lower bound: elsewhere the likelihood of an unordered set has no closed form. The classifier then
multiplies the true marginals of the points as if these were independent, at every carrier phase
(shared by symbols and trajectory), adds the strength of low powers of the points, and learns
from simulated frames how to weigh these features. It can be built, so that its hit rate is a lower
bound of the best image classifier's; the sequence gives an upper bound.

Observation: a plane of symbols shows the matched filter's outputs once a symbol, a trajectory all
of them, a differential plane each times the conjugate of the one a symbol before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from rfmae.errors import RecipeError, nearest
from rfmae.records import WHATS, ComplexArray, FloatArray, IntArray, Units
from rfmae.signal.impairments import Streams
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory.discriminant import Discriminant, Evidence, fit, log_shares
from rfmae.theory.frames import Knowledge
from rfmae.theory.marginals import PointSource, in_units, log_density, log_product_shares, rooted
from rfmae.theory.points import (
    matched_outputs,
    needs_every_sample,
    plane_points,
)
from rfmae.theory.polar import (
    FINE_CELL,
    Numbers,
    PolarGrid,
    scores_at_all,
    scores_at_zero,
    spectra,
)

LEARNT_PER_TESTED = 2
"""Training frames of a classifier for each test frame."""

_LEAST_AGREEMENT = 1e-9
_PRODUCT_RINGS, _PRODUCT_SPOKES, _PRODUCT_TAIL = 32, 64, 4.0


@dataclass(frozen=True)
class PlaneClassifier:
    """A classifier of the points of some planes at one SNR, given as the ratio Es/N0.

    `cell` is the resolution for points that turn with the carrier, in deviations of the noise.
    """

    models: tuple[Modulation, ...]
    pulse: Pulse
    samples_per_symbol: int
    es_n0: float
    planes: tuple[str, ...]
    phase: Knowledge = "unknown"
    units: Units = "rms"
    cell: float = FINE_CELL

    def __post_init__(self) -> None:
        for what in self.planes:
            if what not in WHATS:
                raise RecipeError(f"no plane shows {what!r}; {nearest(what, WHATS)}")
        if not self.planes:
            raise RecipeError("a classifier of images needs at least one plane")

    @property
    def is_exact(self) -> bool:
        """Whether the scores of symbols are the exact log likelihoods of the classes."""
        independent = all(source.alphabet is not None for source in self._sources)
        return independent and "symbols" in self.planes and self.units == "absolute"

    @property
    def stride(self) -> int:
        """Matched-filter outputs per symbol that the classifier uses."""
        return self.samples_per_symbol if needs_every_sample(self.planes) else 1

    def draw(self, model: Modulation, symbols: int, count: int, streams: Streams) -> ComplexArray:
        """Matched-filter outputs (count, symbols·stride) of simulated frames."""
        return matched_outputs(
            model,
            self.pulse,
            self.samples_per_symbol,
            symbols,
            self.es_n0,
            count,
            streams,
            every_sample=self.stride > 1,
            phase=self.phase,
        )

    def log_scores(self, outputs: ComplexArray) -> FloatArray:
        """Composite log likelihoods (B, N, classes) of outputs (N, symbols·stride), block by block.

        One block of symbols and trajectory each, the latter with the former, both at one unknown
        phase; one of each differential plane. Constants common to all classes are left out.
        """
        step = self._grid.chunk()
        parts = [self._scores(outputs[n : n + step]) for n in range(0, len(outputs), step)]
        return np.concatenate(parts, axis=1)

    def evidence(self, outputs: ComplexArray) -> Evidence:
        """The scores of frames, and the strengths of powers of their points."""
        features: list[FloatArray] = [np.zeros((len(outputs), 0))]
        features += [_agreement(self._points(outputs, what)) for what in self.turning_planes]
        return Evidence(self.log_scores(outputs), np.concatenate(features, axis=1))

    def log_measures(self, outputs: ComplexArray) -> FloatArray:
        """Offsets (B, N) that make `log_scores` log densities on a scale common to all SNRs.

        Points are scaled to their mean rms at the classifier's SNR, and products counted in its own
        cells: at one SNR that is the same for all classes.
        """
        step = self._grid.chunk()
        parts = [self._measures(outputs[n : n + step]) for n in range(0, len(outputs), step)]
        return np.concatenate(parts, axis=1)

    # the lookup tables of a classifier

    @cached_property
    def _sources(self) -> tuple[PointSource, ...]:
        return tuple(
            PointSource(model, self.pulse, self.samples_per_symbol) for model in self.models
        )

    @property
    def turning_planes(self) -> tuple[str, ...]:
        """Planes whose points turn with the carrier; symbols first."""
        return tuple(what for what in ("symbols", "trajectory") if what in self.planes)

    @property
    def _products(self) -> tuple[str, ...]:
        drawn = (what for what in WHATS if what in self.planes)
        return tuple(what for what in drawn if what not in self.turning_planes)

    @cached_property
    def _grid(self) -> PolarGrid:
        clean = [s.clean_points(what) for s in self._sources for what in self.turning_planes]
        return PolarGrid.for_noise(
            self.es_n0,
            max((float(np.abs(points).max()) for points in clean), default=1.0),
            self.cell,
        )

    @cached_property
    def _product_grid(self) -> PolarGrid:
        reach = 2.0 + _PRODUCT_TAIL * float(np.sqrt(0.5 / self.es_n0))
        return PolarGrid(reach / _PRODUCT_RINGS, _PRODUCT_RINGS, _PRODUCT_SPOKES)

    @cached_property
    def _tables(self) -> dict[str, Numbers]:
        """Log density of each class in each cell of a plane, (classes, rings, spokes)."""
        made = {
            what: [log_density(s, what, self.es_n0, self._grid, self.units) for s in self._sources]
            for what in self.turning_planes
        }
        for what in self._products:
            made[what] = [
                log_product_shares(s, what, self.es_n0, self._product_grid, self.units)
                for s in self._sources
            ]
        return {what: np.stack(tables) for what, tables in made.items()}

    @cached_property
    def _spectra(self) -> dict[str, ComplexArray]:
        return {what: spectra(self._tables[what]) for what in self.turning_planes}

    def _points(self, outputs: ComplexArray, what: str) -> ComplexArray:
        """Points of a plane in the classifier's units, products by their roots."""
        points = plane_points(outputs, what, self.stride)
        if what in self._products:
            return rooted(points, self.units, self.es_n0)
        return in_units(points, self.units, self.es_n0)

    def _scores(self, outputs: ComplexArray) -> FloatArray:
        blocks = self._turning_scores(outputs)
        for what in self._products:
            counts = self._product_grid.counts(self._points(outputs, what))
            blocks.append(self._share(what) * scores_at_zero(counts, self._tables[what]))
        return np.stack(blocks)

    def _turning_scores(self, outputs: ComplexArray) -> list[FloatArray]:
        """Scores of symbols, then of symbols and trajectory together."""
        blocks: list[FloatArray] = []
        so_far: FloatArray = np.zeros(1, np.float32)
        for what in self.turning_planes:
            counts = self._grid.counts(self._points(outputs, what))
            if self.phase == "known":
                own = scores_at_zero(counts, self._tables[what])[..., None]
            else:
                own = scores_at_all(counts, self._spectra[what])
            so_far = so_far + self._share(what) * own
            blocks.append(logsumexp(so_far.astype(np.float64), axis=-1) - np.log(own.shape[-1]))
        return blocks

    def _measures(self, outputs: ComplexArray) -> FloatArray:
        per_point = math.log(1 + 1 / self.es_n0) if self.units == "rms" else 0.0
        blocks: list[FloatArray] = []
        so_far: FloatArray = np.zeros(len(outputs))
        for what in self.turning_planes:
            points = outputs[:, :: self.stride].shape[1] if what == "symbols" else outputs.shape[1]
            so_far = so_far + float(self._share(what)) * points * per_point
            blocks.append(so_far)
        for what in self._products:
            rings = self._product_grid.counts(self._points(outputs, what)).sum(axis=2)
            areas = rings @ (per_point - self._product_grid.log_areas)
            blocks.append(float(self._share(what)) * areas)
        return np.stack(blocks)

    def _share(self, what: str) -> np.float32:
        """The samples of one symbol together carry about as much information as one sample."""
        return np.float32(1 / self.stride if what.endswith("trajectory") else 1)


@dataclass(frozen=True)
class FittedImageClassifier:
    """A classifier with a discriminant fitted to simulated frames: posteriors instead of scores."""

    classifier: PlaneClassifier
    discriminant: Discriminant | None  # none where scores are exact

    @classmethod
    def of(
        cls, classifier: PlaneClassifier, symbols: int, count: int, streams: Streams
    ) -> "FittedImageClassifier":
        """Fit to `count` frames of each class, unless the classifier is exact."""
        if classifier.is_exact:
            return cls(classifier, None)
        learnt = simulated_evidence(classifier, symbols, count, streams, "fit")
        return cls(classifier, fit(learnt, np.repeat(np.arange(len(classifier.models)), count)))

    def log_scores(self, evidence: Evidence) -> FloatArray:
        """Log posteriors (N, classes) for equal priors, up to a constant of each frame."""
        if self.discriminant is None:
            return evidence.blocks[0]
        return self.discriminant.log_posteriors(evidence)


def image_ceiling_at(
    models: Sequence[Modulation],
    pulse: Pulse,
    samples_per_symbol: int,
    symbols: int,
    es_n0: float,
    *,
    planes: tuple[str, ...],
    streams: Streams,
    phase: Knowledge = "unknown",
    units: Units = "rms",
    priors: Sequence[float] = (),
    frames_per_class: int = 400,
) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of simulated frames, and posteriors (n, classes) by a classifier of their planes.

    `models` are one modulation of each group of identical classes, `priors` are proportional to
    their probabilities (by default equal), `es_n0` is a ratio. Unless the classifier is exact, it
    is fitted to twice as many frames of each class first. `streams` must be of one SNR: the class
    name and the purpose of the frames are added here.
    """
    classifier = PlaneClassifier(
        tuple(models), pulse, samples_per_symbol, es_n0, planes, phase, units
    )
    weights = np.log(np.array(priors, float)) if len(priors) else np.zeros(len(models))
    labels = np.repeat(np.arange(len(models)), frames_per_class)
    fitted = FittedImageClassifier.of(
        classifier, symbols, LEARNT_PER_TESTED * frames_per_class, streams
    )
    tested = simulated_evidence(classifier, symbols, frames_per_class, streams, "test")
    return labels, np.exp(log_shares(fitted.log_scores(tested) + weights))


def _agreement(points: ComplexArray) -> FloatArray:
    """Logarithms (N, 3) of |mean|² of points, of their squares and of their fourth powers.

    They show how evenly a phase has walked round its lattice, which single points do not.
    """
    squares = points * points
    means = [power.mean(axis=1) for power in (points, squares, squares * squares)]
    strengths: FloatArray = np.square(np.abs(np.stack(means, axis=1))).astype(np.float64)
    return np.log(strengths + _LEAST_AGREEMENT)


def simulated_evidence(
    classifier: PlaneClassifier, symbols: int, count: int, streams: Streams, split: str
) -> Evidence:
    """The features of `count` frames of each class, class by class."""
    parts = [
        classifier.evidence(
            classifier.draw(model, symbols, count, streams_of_model(streams, model, split))
        )
        for model in classifier.models
    ]
    return Evidence(
        np.concatenate([part.blocks for part in parts], axis=1),
        np.concatenate([part.features for part in parts]),
    )


def streams_of_model(streams: Streams, model: Modulation, split: str) -> Streams:
    """The generators of a class's frames for a split, `fit` or `test`."""
    return lambda purpose: streams(f"{model.name} {split} {purpose}")
