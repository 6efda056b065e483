"""A reader of images that is not told the SNR: any point of a grid, each as likely as the others.

Bayes over pairs of a law and an SNR: P(law | x) = Σ P(SNR | x) P(law | x, SNR), a sum over the grid
of one discriminant that tells the SNR and, for each SNR, one that tells the law. The latter learn
from simulated frames of every SNR, each as far as that SNR is probable of it (a mixture of experts:
Jacobs, Jordan, Nowlan, Hinton, Neural Computation 3, 1991); what they look at are the composite
likelihoods of the reader that knows the SNR. On a grid of one point this is that reader, and where
it is exact the sum is over exact likelihoods.

SNR points that a rough look rules out are not looked at closely. The likelihood of the counts in
larger cells is a likelihood too, so that Wald's bound holds (see `screening`); that it supposes
fewer carrier phases may cost some hundredths of a nat a symbol, which the threshold allows for.
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

_BATCH = 128  # frames that are looked at together
_ROUGH_CELL = 0.6  # of the noise's deviation, for the first look
_DECIDED, _DECIDED_PER_SYMBOL = 20.0, 0.02  # nats behind the best SNR, from where one is ruled out
_LEAST_WEIGHT = 1e-3  # of an SNR, from where a frame teaches its discriminant of laws
_MOST_LEARNT, _FEWEST_OF_A_PAIR = 2**16, 4  # frames to learn from
_MOST_SNR_POINTS_SHOWN = 2**13  # of them that the discriminant of SNRs learns from

Advance = Callable[[int], None]


def frames_to_learn(pairs: int, frames_per_class: int) -> int:
    """Frames of each pair of a law and an SNR to learn from, for a test of `frames_per_class`."""
    most = max(_FEWEST_OF_A_PAIR, _MOST_LEARNT // pairs)
    return min(LEARNT_PER_TESTED * frames_per_class, most)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the reader of one SNR makes of those frames that may have it."""

    rows: IntArray  # (n,) which frames
    evidence: Evidence  # of the laws, (B, n, C)
    measures: FloatArray  # (B, n) that bring it to the scale of other SNRs

    @property
    def log_likelihood(self) -> FloatArray:
        """Of the SNR (B, n), all laws being equally likely, block by block."""
        found: FloatArray = logsumexp(self.evidence.blocks, axis=2) + self.measures
        return found


_Looks = dict[int, _Look]  # by the place of the SNR in the grid


@dataclass(frozen=True)
class UnknownSnrClassifier:
    """Readers of every SNR of a grid, and what they make of a frame together."""

    classifiers: tuple[PlaneClassifier, ...]  # that differ in their SNR alone
    symbols: int
    of_snr: Discriminant | None = None  # none where the likelihoods of the readers are exact
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
        """Learn what a test of `frames_per_class` at each SNR asks for, unless readers are exact.

        `streams` are those of each SNR; `advance` hears of frames that are done.
        """
        classifier = cls(tuple(classifiers), symbols)
        if classifiers[0].is_exact:
            return classifier
        count = frames_to_learn(len(classifiers) * len(classifiers[0].models), frames_per_class)
        looks, snr, label = classifier._simulated(count, streams, advance)
        told = classifier._evidence_of_snr(looks, len(snr))
        some = np.arange(0, len(snr), 1 + (len(snr) - 1) // _MOST_SNR_POINTS_SHOWN)
        of_snr = fit(told.part(some), snr[some])
        weights = np.exp(of_snr.log_posteriors(told))
        of_models = {
            place: _models_with_snr(look, label, weights[:, place]) for place, look in looks.items()
        }
        return replace(classifier, of_snr=of_snr, of_models=of_models)

    def log_scores(self, outputs: ComplexArray) -> FloatArray:
        """Log posteriors (N, laws) of equally likely laws, up to what all of them share.

        `outputs` (N, symbols·stride) are of the matched filter, as those of a `PlaneClassifier`.
        """
        parts = [self._scores(outputs[n : n + _BATCH]) for n in range(0, len(outputs), _BATCH)]
        return np.concatenate(parts)

    def tested(
        self, place: int, frames_per_class: int, streams: Streams
    ) -> tuple[IntArray, FloatArray]:
        """Labels (n,) of simulated frames of one SNR of the grid, and their log scores (n, laws).

        The frames are those that the reader of that SNR alone is tested on.
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
        looks = self._looks(outputs)
        total: FloatArray = np.full((len(outputs), len(self.classifiers[0].models)), -np.inf)
        if self.of_snr is None:
            for look in looks.values():
                joint = look.evidence.blocks[0] + look.measures[0][:, None]
                total[look.rows] = np.logaddexp(total[look.rows], joint)
            return total
        told = self.of_snr.log_posteriors(self._evidence_of_snr(looks, len(outputs)))
        for place, look in looks.items():
            of_models = self.of_models[place].log_posteriors(look.evidence)
            joint = told[look.rows, place][:, None] + of_models
            total[look.rows] = np.logaddexp(total[look.rows], joint)
        return total

    # what frames may be, and what is seen of them

    @property
    def _depth(self) -> float:
        """Nats behind the most likely SNR from where on one is not considered."""
        return _DECIDED + _DECIDED_PER_SYMBOL * self.symbols

    @cached_property
    def _rough(self) -> tuple[PlaneClassifier, ...]:
        """Readers for the first look; none where no plane turns with the carrier."""
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

    def _looks(self, outputs: ComplexArray) -> _Looks:
        """A look at frames by the reader of each SNR that any of them may have."""
        looks, possible = {}, self._possible(outputs)
        for place in np.flatnonzero(possible.any(axis=0)).tolist():
            classifier, rows = self.classifiers[place], np.flatnonzero(possible[:, place])
            seen = outputs[rows]
            looks[place] = _Look(rows, classifier.evidence(seen), classifier.log_measures(seen))
        return looks

    def _evidence_of_snr(self, looks: _Looks, frames: int) -> Evidence:
        """Log likelihoods (B, N, S) of the SNRs, none farther behind than is considered."""
        parts = len(next(iter(looks.values())).measures)
        blocks = np.full((parts, frames, len(self.classifiers)), -np.inf)
        for place, look in looks.items():
            blocks[:, look.rows, place] = look.log_likelihood
        least = blocks.max(axis=2, keepdims=True) - self._depth
        return Evidence(np.maximum(blocks, least), np.zeros((frames, 0)))

    def _simulated(
        self, count: int, streams: Sequence[Streams], advance: Advance
    ) -> tuple[_Looks, IntArray, IntArray]:
        """Looks at `count` frames of every pair, and their SNRs and labels (n,)."""
        batches: dict[int, list[_Look]] = {}
        seen, models = 0, self.classifiers[0].models
        for classifier, own in zip(self.classifiers, streams, strict=True):
            for model in models:
                drawn = classifier.draw(
                    model, self.symbols, count, streams_of_model(own, model, "fit")
                )
                for first in range(0, count, _BATCH):
                    for place, look in self._looks(drawn[first : first + _BATCH]).items():
                        numbered = replace(look, rows=look.rows + seen + first)
                        batches.setdefault(place, []).append(numbered)
                seen += count
                advance(count)
        snr, label = np.divmod(np.arange(seen) // count, len(models))
        return {place: _joined(looks) for place, looks in batches.items()}, snr, label


def _models_with_snr(look: _Look, label: IntArray, weights: FloatArray) -> Discriminant:
    """What tells the laws at one SNR, from frames that have it as far as their weights (N,) say."""
    own = weights[look.rows]
    counted = np.flatnonzero(own > min(_LEAST_WEIGHT, own.max() / 2))
    rows = look.rows[counted]
    return fit(look.evidence.part(counted), label[rows], weights[rows])


def _joined(looks: Sequence[_Look]) -> _Look:
    """Looks by one reader at frames that were numbered together."""
    return _Look(
        np.concatenate([look.rows for look in looks]),
        Evidence(
            np.concatenate([look.evidence.blocks for look in looks], axis=1),
            np.concatenate([look.evidence.features for look in looks]),
        ),
        np.concatenate([look.measures for look in looks], axis=1),
    )
