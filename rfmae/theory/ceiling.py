"""The Bayes accuracy of a class list at every SNR, by Monte Carlo."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rfmae.errors import RecipeError
from rfmae.records import Ceiling, FloatArray, IntArray
from rfmae.signal.impairments import Streams
from rfmae.signal.modulations import Modulation
from rfmae.signal.streams import address_of_snr, addressed_streams
from rfmae.theory.ceiling_spec import CeilingSpec, PublishedCeilingSpec
from rfmae.theory.frames import Frames, SignalModel, simulate
from rfmae.theory.image_classifiers import PlaneClassifier, image_ceiling_at
from rfmae.theory.memoryless import OffsetModel
from rfmae.theory.nuisance import log_evidence
from rfmae.theory.pixel_images import has_independent_symbols, image_scores
from rfmae.theory.posterior_counts import PosteriorCounts, count_posteriors, group_posteriors
from rfmae.theory.published_ceiling import published_ceiling_at, published_models
from rfmae.theory.screening import screened_evidence
from rfmae.theory.signal_models import indistinguishable_classes, signal_model_of
from rfmae.theory.trellis import ContinuousPhaseModel
from rfmae.theory.unknown_snr import UnknownSnrClassifier, frames_to_learn
from rfmae.units import db_to_ratio

FRAMES = 400
"""Frames of each group that a ceiling is estimated from by default."""

BLOCK = 100
"""Frames that share an address, and the random streams that start there."""

GAINS = tuple(db_to_ratio(step / 2) for step in range(-6, 7))
"""Amplitudes that are equally likely where the amplitude is unknown: ±6 dB in steps of 1 dB."""

Advance = Callable[[int], None]
Groups = tuple[tuple[str, ...], ...]


def compute_ceiling(
    spec: CeilingSpec | PublishedCeilingSpec,
    *,
    frames: int = FRAMES,
    seed: int = 0,
    advance: Advance = lambda _: None,
) -> Ceiling:
    """Draw `frames` of every group at every SNR point and let the best receiver classify them.

    `advance` is called with the number of frames done. Frames are addressed: those of a group at a
    point depend on nothing else in `spec`, and more frames keep the first ones unchanged.
    """
    groups = groups_of(spec)
    tally = _tallies(spec, groups, frames, seed, advance)
    return _record(spec, groups, frames, [tally(snr_db) for snr_db in spec.snr_db])


def frames_drawn(spec: CeilingSpec | PublishedCeilingSpec, frames: int) -> int:
    """Frames that `compute_ceiling` reports to `advance`, those for training included."""
    groups = groups_of(spec)
    pairs = len(groups) * len(spec.snr_db)
    learns = bool(spec.planes) and spec.snr == "unknown" and not is_bound(spec, groups)
    return pairs * (frames + (frames_to_learn(pairs, frames) if learns else 0))


def groups_of(spec: CeilingSpec | PublishedCeilingSpec) -> Groups:
    """The classes of a spec; those that send the same signals form one group."""
    if isinstance(spec, PublishedCeilingSpec):
        return tuple(model.classes for model in published_models())
    return indistinguishable_classes(spec.modulations, spec.pulse, spec.rate, spec.phase)


def tally_at(
    spec: CeilingSpec | PublishedCeilingSpec,
    snr_db: float,
    groups: Groups,
    frames: int,
    seed: int,
    advance: Advance = lambda _: None,
) -> PosteriorCounts:
    """Both estimates at one point of the grid."""
    return _tallies(spec, groups, frames, seed, advance)(snr_db)


def _tallies(
    spec: CeilingSpec | PublishedCeilingSpec,
    groups: Groups,
    frames: int,
    seed: int,
    advance: Advance,
) -> Callable[[float], PosteriorCounts]:
    """A function that estimates at an SNR in dB; what it must learn is learnt here."""
    members = np.array([len(group) for group in groups])
    if isinstance(spec, PublishedCeilingSpec):
        return partial(_tally_published, spec, members, frames, seed, advance)
    rows = first_rows(spec, groups)
    grid = [_Point(spec, rows, members, snr_db, frames, seed, advance) for snr_db in spec.snr_db]
    classify = _classifier(grid)
    return lambda snr_db: count_posteriors(*classify(replace(grid[0], snr_db=snr_db)), members)


def _tally_published(
    spec: PublishedCeilingSpec,
    members: IntArray,
    frames: int,
    seed: int,
    advance: Advance,
    snr_db: float,
) -> PosteriorCounts:
    labels, posteriors = _classify_published(spec, snr_db, frames, seed)
    advance(frames * len(members))
    return count_posteriors(labels, posteriors, members)


@dataclass(frozen=True, slots=True)
class _Point:
    """One point of the grid: the signals drawn, frames of each, and the progress callback."""

    spec: CeilingSpec
    rows: Sequence[Modulation]  # one of each group
    members: IntArray  # classes of each group
    snr_db: float
    frames: int
    seed: int
    advance: Advance

    @property
    def es_n0(self) -> float:
        return self.spec.es_n0(self.snr_db)

    def streams(self, name: str, block: int = 0) -> Streams:
        return streams_at(self.seed, name, self.snr_db, block)


_Classify = Callable[[_Point], tuple[IntArray, FloatArray]]


def _classifier(grid: Sequence[_Point]) -> _Classify:
    """A classifier of what is observed: pixels of an image, points of planes, or the sequence."""
    spec = grid[0].spec
    if spec.pixels:
        return _classify_images
    if not spec.planes:
        return _classify_sequences
    return _classify_planes if spec.snr == "known" else _plane_classifier_of_unknown_snr(grid)


def _classify_published(
    spec: PublishedCeilingSpec, snr_db: float, frames: int, seed: int
) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of published frames and posteriors (n, groups)."""
    return published_ceiling_at(
        snr_db,
        streams=streams_at(seed, spec.kind, snr_db, 0),
        seen="canvas" if spec.planes else "points",
        symbols=spec.symbols_per_example,
        frames_per_class=frames,
    )


def _classify_sequences(point: _Point) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of frames and posteriors (n, groups) by the signal models themselves."""
    spec = point.spec
    models = [signal_model_of(row, spec.pulse, spec.rate) for row in point.rows]
    labels, scores = [], []
    for block, count in enumerate(_block_sizes(point.frames)):
        drawn = [
            _frames(spec, row, point.snr_db, count, point.streams(row.name, block), models)
            for row in point.rows
        ]
        # all groups at once: the steps of a signal model cost the same for many frames as for few
        scores.append(_evidence(spec, models, joined(drawn)))
        labels.append(np.repeat(np.arange(len(point.rows)), count))
        point.advance(count * len(point.rows))
    return np.concatenate(labels), group_posteriors(np.concatenate(scores), point.members)


def _classify_planes(point: _Point) -> tuple[IntArray, FloatArray]:
    """The same by a classifier that sees points of planes without their order."""
    spec = point.spec
    labels, posteriors = image_ceiling_at(
        point.rows,
        spec.pulse,
        spec.rate,
        spec.symbols_per_example,
        point.es_n0,
        planes=spec.whats,
        streams=point.streams(spec.kind),
        phase=spec.phase,
        units=spec.units,
        priors=point.members.tolist(),
        frames_per_class=point.frames,
    )
    point.advance(point.frames * len(point.rows))
    return labels, posteriors


def _plane_classifier_of_unknown_snr(grid: Sequence[_Point]) -> _Classify:
    """The same by a classifier that averages over every SNR of the grid."""
    spec = grid[0].spec
    classifier = UnknownSnrClassifier.learnt(
        [_plane_classifier(spec, point.rows, point.es_n0) for point in grid],
        spec.symbols_per_example,
        grid[0].frames,
        [point.streams(spec.kind) for point in grid],
        grid[0].advance,
    )
    places = {point.snr_db: place for place, point in enumerate(grid)}

    def classify(point: _Point) -> tuple[IntArray, FloatArray]:
        streams = point.streams(spec.kind)
        labels, scores = classifier.tested(places[point.snr_db], point.frames, streams)
        point.advance(point.frames * len(point.rows))
        return labels, group_posteriors(scores, point.members)

    return classify


def _plane_classifier(
    spec: CeilingSpec, rows: Sequence[Modulation], es_n0: float
) -> PlaneClassifier:
    return PlaneClassifier(
        tuple(rows),
        spec.pulse,
        spec.rate,
        es_n0,
        spec.whats,
        spec.phase,
        spec.units,
    )


def _classify_images(point: _Point) -> tuple[IntArray, FloatArray]:
    """The same by the counts of symbols in the pixels of an image."""
    spec, streams = point.spec, point.streams(point.spec.kind)
    labels, scores = image_scores(spec, point.rows, point.es_n0, streams, point.frames)
    point.advance(point.frames * len(point.rows))
    return labels, group_posteriors(scores, point.members)


def is_bound(spec: CeilingSpec | PublishedCeilingSpec, groups: Groups) -> bool:
    """Whether the answer is an upper bound. A classifier of images that is not exact gives none."""
    if isinstance(spec, PublishedCeilingSpec) or not spec.planes:
        return True
    rows, es_n0 = first_rows(spec, groups), spec.es_n0(spec.snr_db[0])
    if spec.pixels:
        return has_independent_symbols(spec, rows)
    return _plane_classifier(spec, rows, es_n0).is_exact


def _evidence(spec: CeilingSpec, models: Sequence[SignalModel], frames: Frames) -> FloatArray:
    """Log evidence (n, classes), averaged over everything unknown."""
    grid = [spec.es_n0(snr_db) for snr_db in spec.snr_db]

    def measure(model: SignalModel, some: Frames) -> Tensor:
        return log_evidence(
            model,
            some,
            spec.phase,
            es_n0_grid=grid if spec.snr == "unknown" else (),
            gains=GAINS if spec.amplitude == "unknown" else (),
        )

    return screened_evidence(models, frames, measure)


def check_signal_models(spec: CeilingSpec | PublishedCeilingSpec) -> None:
    """Raise `RecipeError` naming all classes for which no likelihood is known."""
    if isinstance(spec, PublishedCeilingSpec):
        return
    problems: dict[str, RecipeError] = {}
    for row in spec.modulations:
        try:
            signal_model_of(row, spec.pulse, spec.rate)
        except RecipeError as error:
            problems[row.name] = error
    if len(problems) == 1:
        raise next(iter(problems.values()))
    if problems:
        able = [name for name in spec.classes if name not in problems]
        raise RecipeError(
            f"no likelihood is known of {', '.join(problems)} as they are sent here; "
            f"name the others with --classes {','.join(able) or '…'}"
        )


def first_rows(spec: CeilingSpec, groups: Groups) -> list[Modulation]:
    """One modulation for each group."""
    by_name = {row.name: row for row in spec.modulations}
    return [by_name[group[0]] for group in groups]


def _block_sizes(frames: int) -> list[int]:
    return [min(BLOCK, frames - first) for first in range(0, frames, BLOCK)]


def streams_at(seed: int, name: str, snr_db: float, block: int) -> Streams:
    """The generators of a block of frames, one for each purpose, made from its address alone."""
    return addressed_streams(seed, (zlib.crc32(name.encode()), address_of_snr(snr_db), block))


def _frames(
    spec: CeilingSpec,
    row: Modulation,
    snr_db: float,
    count: int,
    streams: Streams,
    models: Sequence[SignalModel],
) -> Frames:
    frames = simulate(
        row,
        spec.pulse,
        spec.rate,
        spec.symbols_per_example,
        spec.es_n0(snr_db),
        count,
        streams,
        phase_turns="uniform" if spec.phase == "unknown" else 0.0,
        waveform=needs_waveform(models),
    )
    if spec.amplitude == "known":
        return frames
    gains = torch.from_numpy(streams("amplitude").choice(GAINS, count)).float()[:, None]
    return replace(
        frames,
        symbols=frames.symbols * gains,
        midway=frames.midway * gains,
        waveform=frames.waveform * gains,
    )


def joined(parts: Sequence[Frames]) -> Frames:
    """Frames of one SNR, one after another."""
    return replace(
        parts[0],
        symbols=torch.cat([part.symbols for part in parts]),
        midway=torch.cat([part.midway for part in parts]),
        waveform=torch.cat([part.waveform for part in parts]),
    )


def needs_waveform(models: Sequence[SignalModel]) -> bool:
    """Whether a model needs more than the matched filter's outputs at the symbol instants."""
    return any(isinstance(model, (ContinuousPhaseModel, OffsetModel)) for model in models)


def _record(
    spec: CeilingSpec | PublishedCeilingSpec,
    groups: Groups,
    frames: int,
    counts: Sequence[PosteriorCounts],
) -> Ceiling:
    def column(name: str) -> FloatArray:
        return np.array([getattr(point, name) for point in counts])

    return Ceiling(
        kind=spec.kind,
        classes=spec.classes,
        groups=groups,
        snr_db=spec.snr_db,
        snr_reference=spec.snr_reference,
        symbols_per_example=spec.symbols_per_example,
        phase=spec.phase,
        snr=spec.snr,
        amplitude=spec.amplitude,
        frames_per_group=frames,
        is_bound=is_bound(spec, groups),
        hit_rate=column("hit_rate"),
        mean_posterior=column("mean_posterior"),
        posterior_error=column("posterior_error"),
        merged_hit_rate=column("merged_hit_rate"),
        merged_mean_posterior=column("merged_mean_posterior"),
        recall=column("recall"),
    )
