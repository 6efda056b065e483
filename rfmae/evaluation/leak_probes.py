"""Probes for leaks: the features of each test, the accuracy of guessing, and the test itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.evaluation.leak_measures import Split
from rfmae.evaluation.leak_tests import (
    LeakFeatures,
    chance_test,
    guessing,
    guessing_beside_snr,
    known_snr,
    named_by,
    shuffled_control,
)
from rfmae.records.audit_report import ChanceTest


@dataclass(frozen=True, slots=True)
class LeakProbe:
    """The features of one leak test, and the accuracy of guessing."""

    train: LeakFeatures
    test: LeakFeatures
    chance: float


def power_probes(train: Split, test: Split, measure: str) -> tuple[LeakProbe, LeakProbe]:
    """A measure of power, SNR unknown and known."""
    seen = [split.features(split.measures[measure]) for split in (train, test)]
    beside = [features.beside_snr() for features in seen]
    return (
        LeakProbe(seen[0], seen[1], guessing(test.label)),
        LeakProbe(beside[0], beside[1], guessing_beside_snr(test.label, test.snr_db)),
    )


def dots_probe(train: Split, test: Split, view: str) -> LeakProbe:
    """The number of distinct points of a view, SNR known."""
    seen = [split.features(split.measures[f"dots {view}"]).beside_snr() for split in (train, test)]
    return LeakProbe(seen[0], seen[1], guessing_beside_snr(test.label, test.snr_db))


def metadata_probe(train: Split, test: Split, *, with_position: bool) -> LeakProbe:
    """All metadata but the label; the position within class and SNR where it is known."""

    def seen(split: Split) -> LeakFeatures:
        columns = [known_snr(split.snr_db), *split.sampled.values()]
        return split.features(*columns, *([split.position] if with_position else []))

    return LeakProbe(seen(train), seen(test), guessing(test.label))


def probed(probe: LeakProbe, tests: int, rng: np.random.Generator) -> ChanceTest:
    """Whether the features predict the class of test examples, as one of so many tests."""
    named = named_by(probe.train, probe.test, rng)
    hits = int(np.count_nonzero(named == probe.test.label))
    return chance_test(hits, len(named), probe.chance, tests)


def shuffled_probe(
    train: Split, test: Split, tests: int, rng: np.random.Generator
) -> tuple[ChanceTest, float]:
    """A control of the method, which must find nothing, and the accuracy with true labels."""
    found = shuffled_control(*_envelopes([train, test]), rng)
    # a random label is right as often as its class is frequent
    chance = max(guessing(train.label), guessing(test.label))
    return chance_test(found.hits, found.examples, chance, tests), found.right


def _envelopes(splits: Sequence[Split]) -> tuple[LeakFeatures, LeakFeatures]:
    first, second = (split.features(split.measures["envelope"]) for split in splits)
    return first, second
