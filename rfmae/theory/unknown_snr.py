"""A classifier of images with unknown SNR: any point of a grid, all equally likely.

Bayes' rule over pairs: P(class | x) = Σ P(SNR | x) P(class | x, SNR), a sum over the grid of one
discriminant of SNRs and, for each SNR, one of classes. The latter learn from simulated frames of
every SNR, weighted by the posterior of that SNR (a mixture of experts: Jacobs, Jordan, Nowlan,
Hinton, Neural Computation 3, 1991); their features are the composite likelihoods of the classifier
that knows the SNR. On a grid of one point this is that classifier, and where it is exact the sum is
over exact likelihoods.

SNR points that a coarse classifier rules out are skipped. The likelihood of the counts in larger
cells is a likelihood too, so that Wald's bound holds (see `screening`); its coarser carrier phases
may cost some hundredths of a nat a symbol, which the threshold allows for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.impairments import Streams
from rfmae.theory.discriminant import Discriminant, Evidence, fit
from rfmae.theory.image_classifiers import LEARNT_PER_TESTED, PlaneClassifier, streams_of_model

_BATCH = 128  # frames that are processed together
_ROUGH_CELL = 0.6  # of the noise's deviation, for the coarse classifiers
_DECIDED, _DECIDED_PER_SYMBOL = 20.0, 0.02  # nats behind the best SNR, from where one is ruled out
_LEAST_WEIGHT = 1e-3  # posterior of an SNR below which its class discriminant skips a frame
_MOST_LEARNT, _FEWEST_OF_A_PAIR = 2**16, 4  # training frames
_MOST_SNR_FRAMES = 2**13  # of them that the discriminant of SNRs is fitted to

Advance = Callable[[int], None]


def frames_to_learn(pairs: int, frames_per_class: int) -> int:
    """Training frames of each pair of a class and an SNR, for `frames_per_class` test frames."""
    most = max(_FEWEST_OF_A_PAIR, _MOST_LEARNT // pairs)
    return min(LEARNT_PER_TESTED * frames_per_class, most)


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores of the classifier of one SNR, for the frames that may have it."""

    rows: IntArray  # (n,) which frames
    evidence: Evidence  # of the classes, (B, n, C)
    measures: FloatArray  # (B, n) offsets to the scale of other SNRs

    @property
    def log_likelihood(self) -> FloatArray:
        """Of the SNR (B, n), for equally likely classes, block by block."""
        found: FloatArray = logsumexp(self.evidence.blocks, axis=2) + self.measures
        return found


_ScoresBySnr = dict[int, _Scores]  # by the place of the SNR in the grid


@dataclass(frozen=True)
class UnknownSnrClassifier:
    """Classifiers of every SNR of a grid, combined into one."""

    classifiers: tuple[PlaneClassifier, ...]  # that differ in their SNR alone
    symbols: int
    of_snr: Discriminant | None = None  # none where the likelihoods of the classifiers are exact
    of_models: Mapping[int, Discriminant] = field(default_factory=dict)  # by the place of the SNR

    @classmethod
    def learnt(
        cls,
        classifiers: Sequence[PlaneClassifier],
        symbols: int,
        frames_per_class: int,
        streams: Sequence[Streams],
        advance: Advance = lambda _: None,
    ) -> Self:
        """Fit for a test of `frames_per_class` at each SNR, unless the classifiers are exact.

        `streams` are those of each SNR; `advance` is called with the number of frames done.
        """
        classifier = cls(tuple(classifiers), symbols)
        if classifiers[0].is_exact:
            return classifier
        count = frames_to_learn(len(classifiers) * len(classifiers[0].models), frames_per_class)
        by_snr, snr, label = classifier._simulated(count, streams, advance)
        evidence = classifier._evidence_of_snr(by_snr, len(snr))
        some = np.arange(0, len(snr), 1 + (len(snr) - 1) // _MOST_SNR_FRAMES)
        of_snr = fit(evidence.part(some), snr[some])
        weights = np.exp(of_snr.log_posteriors(evidence))
        of_models = {
            place: _models_with_snr(scores, label, weights[:, place])
            for place, scores in by_snr.items()
        }
        return replace(classifier, of_snr=of_snr, of_models=of_models)

    def log_scores(self, outputs: ComplexArray) -> FloatArray:
        """Log posteriors (N, classes) for equal priors, up to a constant of each frame.

        `outputs` (N, symbols·stride) are of the matched filter, as those of a `PlaneClassifier`.
        """
        parts = [self._scores(outputs[n : n + _BATCH]) for n in range(0, len(outputs), _BATCH)]
        return np.concatenate(parts)

    def tested(
        self, place: int, frames_per_class: int, streams: Streams
    ) -> tuple[IntArray, FloatArray]:
        """Labels (n,) of simulated frames of one SNR of the grid, and log scores (n, classes).

        The frames are the test frames of the classifier of that SNR alone.
        """
        classifier = self.classifiers[place]
        scores = [
            self.log_scores(classifier.draw(model, self.symbols, frames_per_class, own))
            for model, own in (
                (model, streams_of_model(streams, model, "test")) for model in classifier.models
            )
        ]
        return np.repeat(np.arange(len(classifier.models)), frames_per_class), np.concatenate(
            scores
        )

    def _scores(self, outputs: ComplexArray) -> FloatArray:
        by_snr = self._scores_by_snr(outputs)
        total: FloatArray = np.full((len(outputs), len(self.classifiers[0].models)), -np.inf)
        if self.of_snr is None:
            for scores in by_snr.values():
                joint = scores.evidence.blocks[0] + scores.measures[0][:, None]
                total[scores.rows] = np.logaddexp(total[scores.rows], joint)
            return total
        log_snr = self.of_snr.log_posteriors(self._evidence_of_snr(by_snr, len(outputs)))
        for place, scores in by_snr.items():
            of_models = self.of_models[place].log_posteriors(scores.evidence)
            joint = log_snr[scores.rows, place][:, None] + of_models
            total[scores.rows] = np.logaddexp(total[scores.rows], joint)
        return total

    # SNRs that frames may have, and the scores there

    @property
    def _depth(self) -> float:
        """Nats behind the most likely SNR beyond which an SNR is ruled out."""
        return _DECIDED + _DECIDED_PER_SYMBOL * self.symbols

    @cached_property
    def _rough(self) -> tuple[PlaneClassifier, ...]:
        """Coarse classifiers; none where no plane turns with the carrier."""
        plane = self.classifiers[0].turning_planes[:1]
        if not plane:
            return ()
        return tuple(replace(one, planes=plane, cell=_ROUGH_CELL) for one in self.classifiers)

    def _possible(self, outputs: ComplexArray) -> npt.NDArray[np.bool_]:
        """Which SNRs (N, S) frames may have."""
        if not self._rough:
            return np.ones((len(outputs), len(self.classifiers)), bool)
        seen = outputs[:, :: self.classifiers[0].stride // self._rough[0].stride]
        rough = [
            logsumexp(one.log_scores(seen)[0], axis=1) + one.log_measures(seen)[0]
            for one in self._rough
        ]
        likely = np.stack(rough, axis=1)
        possible: npt.NDArray[np.bool_] = likely >= likely.max(axis=1, keepdims=True) - self._depth
        return possible

    def _scores_by_snr(self, outputs: ComplexArray) -> _ScoresBySnr:
        """Scores of frames by the classifier of each SNR that any of them may have."""
        by_snr, possible = {}, self._possible(outputs)
        for place in np.flatnonzero(possible.any(axis=0)).tolist():
            classifier, rows = self.classifiers[place], np.flatnonzero(possible[:, place])
            seen = outputs[rows]
            by_snr[place] = _Scores(rows, classifier.evidence(seen), classifier.log_measures(seen))
        return by_snr

    def _evidence_of_snr(self, by_snr: _ScoresBySnr, frames: int) -> Evidence:
        """Log likelihoods (B, N, S) of the SNRs, bounded from below."""
        parts = len(next(iter(by_snr.values())).measures)
        blocks = np.full((parts, frames, len(self.classifiers)), -np.inf)
        for place, scores in by_snr.items():
            blocks[:, scores.rows, place] = scores.log_likelihood
        least = blocks.max(axis=2, keepdims=True) - self._depth
        return Evidence(np.maximum(blocks, least), np.zeros((frames, 0)))

    def _simulated(
        self, count: int, streams: Sequence[Streams], advance: Advance
    ) -> tuple[_ScoresBySnr, IntArray, IntArray]:
        """Scores of `count` frames of every pair, and their SNRs and labels (n,)."""
        batches: dict[int, list[_Scores]] = {}
        seen, models = 0, self.classifiers[0].models
        for classifier, own in zip(self.classifiers, streams, strict=True):
            for model in models:
                drawn = classifier.draw(
                    model, self.symbols, count, streams_of_model(own, model, "fit")
                )
                for first in range(0, count, _BATCH):
                    for place, scores in self._scores_by_snr(drawn[first : first + _BATCH]).items():
                        numbered = replace(scores, rows=scores.rows + seen + first)
                        batches.setdefault(place, []).append(numbered)
                seen += count
                advance(count)
        snr, label = np.divmod(np.arange(seen) // count, len(models))
        return {place: _joined(batch) for place, batch in batches.items()}, snr, label


def _models_with_snr(scores: _Scores, label: IntArray, weights: FloatArray) -> Discriminant:
    """The class discriminant at one SNR, from frames weighted (N,) by their posterior of it."""
    own = weights[scores.rows]
    counted = np.flatnonzero(own > min(_LEAST_WEIGHT, own.max() / 2))
    rows = scores.rows[counted]
    return fit(scores.evidence.part(counted), label[rows], weights[rows])


def _joined(parts: Sequence[_Scores]) -> _Scores:
    """Scores by one classifier of frames that were numbered together."""
    return _Scores(
        np.concatenate([part.rows for part in parts]),
        Evidence(
            np.concatenate([part.evidence.blocks for part in parts], axis=1),
            np.concatenate([part.evidence.features for part in parts]),
        ),
        np.concatenate([part.measures for part in parts], axis=1),
    )
