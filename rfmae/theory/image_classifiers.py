"""What an unordered reader of an image can know: it sees the points of planes, not their order.

Exact: where all symbols are independent of one another, their plane is drawn and its unit is
absolute, the order holds nothing: the reader's likelihood is the law's own and the image loses
nothing. In units of each frame's own rms it loses that one number, the frame's power.

A lower bound: elsewhere the likelihood of an unordered set has no closed form. The reader then
multiplies the true marginals of the points as if these were independent, at every carrier phase
(shared by symbols and trajectory), adds how strongly low powers of the points agree, and learns
from simulated frames of its own how far each of these can be trusted. It is a reader that can be
built, so that its hit rate bounds the best image reader's from below; the sequence bounds it from
above.

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
"""Frames that a reader learns from for each one that it is tested on."""

_LEAST_AGREEMENT = 1e-9
_PRODUCT_RINGS, _PRODUCT_SPOKES, _PRODUCT_TAIL = 32, 64, 4.0


@dataclass(frozen=True)
class PlaneClassifier:
    """A reader of the points of some planes at one SNR, given as the ratio Es/N0.

    `cell` is how finely it looks at points that turn with the carrier, in deviations of the noise.
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
            raise RecipeError("a reader of images needs at least one plane")

    @property
    def is_exact(self) -> bool:
        """Whether the scores of symbols are the logarithms of the laws' own likelihoods."""
        independent = all(source.alphabet is not None for source in self._sources)
        return independent and "symbols" in self.planes and self.units == "absolute"

    @property
    def stride(self) -> int:
        """Matched-filter outputs that the reader wants of each symbol."""
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
        """Composite log likelihoods (B, N, laws) of outputs (N, symbols·stride), block by block.

        One block of symbols and trajectory each, the latter with the former, both at one unknown
        phase; one of each differential plane. Constants that all laws share are left out.
        """
        step = self._grid.chunk()
        parts = [self._scores(outputs[n : n + step]) for n in range(0, len(outputs), step)]
        return np.concatenate(parts, axis=1)

    def evidence(self, outputs: ComplexArray) -> Evidence:
        """The scores of frames, and how strongly powers of the points agree."""
        features: list[FloatArray] = [np.zeros((len(outputs), 0))]
        features += [_agreement(self._points(outputs, what)) for what in self.turning_planes]
        return Evidence(self.log_scores(outputs), np.concatenate(features, axis=1))

    def log_measures(self, outputs: ComplexArray) -> FloatArray:
        """What (B, N) turns `log_scores` into log densities on a scale that every SNR shares.

        Points are scaled to the rms that they have in the mean at the reader's SNR, and products
        counted in cells of its own: at one SNR that is the same for all laws.
        """
        step = self._grid.chunk()
        parts = [self._measures(outputs[n : n + step]) for n in range(0, len(outputs), step)]
        return np.concatenate(parts, axis=1)

    # the tables that a reader has learnt beforehand

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
        """What each point of a plane says of each law, (laws, rings, spokes)."""
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
        """Points of a plane in the reader's units, products by their roots."""
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
        """Samples of one symbol have about as much to say as one."""
        return np.float32(1 / self.stride if what.endswith("trajectory") else 1)


@dataclass(frozen=True)
class FittedImageClassifier:
    """A reader and what it has learnt from frames of its own: posteriors instead of scores."""

    classifier: PlaneClassifier
    discriminant: Discriminant | None  # none where scores are exact

    @classmethod
    def of(
        cls, classifier: PlaneClassifier, symbols: int, count: int, streams: Streams
    ) -> "FittedImageClassifier":
        """Learn from `count` frames of each law, unless the reader is exact."""
        if classifier.is_exact:
            return cls(classifier, None)
        learnt = simulated_evidence(classifier, symbols, count, streams, "fit")
        return cls(classifier, fit(learnt, np.repeat(np.arange(len(classifier.models)), count)))

    def log_scores(self, evidence: Evidence) -> FloatArray:
        """Log posteriors (N, laws) of equally likely laws, up to what all of them share."""
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
    """Labels (n,) of simulated frames, and posteriors (n, laws) of a reader of their planes.

    `models` are one modulation of each group of identical classes, `priors` in proportion to which
    they are likely (by default equally), `es_n0` a ratio. Twice as many frames of each class serve
    beforehand to fit it, unless the classifier is exact. `streams` must be of one SNR: the name of
    a law and what its frames are for are added here.
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

    They tell how evenly a phase has walked round its lattice, which points by themselves do not.
    """
    squares = points * points
    means = [power.mean(axis=1) for power in (points, squares, squares * squares)]
    strengths: FloatArray = np.square(np.abs(np.stack(means, axis=1))).astype(np.float64)
    return np.log(strengths + _LEAST_AGREEMENT)


def simulated_evidence(
    classifier: PlaneClassifier, symbols: int, count: int, streams: Streams, split: str
) -> Evidence:
    """The evidence of `count` frames of each law, one law after another."""
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
    """The generators of a law's frames for a purpose, `fit` or `test`."""
    return lambda purpose: streams(f"{model.name} {split} {purpose}")
