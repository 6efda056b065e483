"""Findings about rows and labels: equal rows, addresses, equal classes, balance, measured SNR."""

from collections import Counter
from itertools import combinations

import numpy as np

from rfmae.datasets.recipe import SPLITS, Recipe, load_recipe
from rfmae.datasets.stated_snr import measurable, snr_view, stated_snr, why_unmeasured
from rfmae.datasets.store import Dataset
from rfmae.datasets.synthesis import block_streams, blocks
from rfmae.evaluation.leak_features import Digests, repeated_within, shared_between
from rfmae.evaluation.leak_tests import TOLERANCE_DB, SnrErrors, known_snr, snr_errors
from rfmae.records import FloatArray
from rfmae.records.audit_report import Finding, Verdict
from rfmae.workflows.auditing.leak_survey import Split

_ENOUGH_BITS = 64
"""Bits of a clean twin below which two draws may send the same symbols by chance."""


def row_findings(dataset: Dataset, splits: dict[str, Split]) -> list[Finding]:
    """The findings that need no classifier."""
    digests = {name: split.digests for name, split in splits.items()}
    found = [shared_rows(digests), repeated_rows(digests)]
    if dataset.has_clean:
        recipe = load_recipe(dataset.folder / "recipe.toml")
        twins = {name: split.twins for name, split in splits.items()}
        found += [shared_twins(twins, recipe), shared_addresses(recipe)]
    else:
        found.append(_UNKNOWN_ADDRESSES)
    found += [equal_classes(dataset), balance(dataset), row_order(splits["test"])]
    if dataset.has_clean:
        found.append(snr_labels(dataset, recipe, splits))
    return found


def shared_rows(digests: dict[str, Digests]) -> Finding:
    """Whether an example occurs in two splits."""
    count, where = _shared(digests)
    words = (
        f"{count:,} examples occur in two splits byte for byte ({where}): "
        "a score on them measures memory."
        if count
        else "No example occurs in two splits byte for byte."
    )
    return Finding("equal rows across splits", _leak(count), count, "examples", words)


def repeated_rows(digests: dict[str, Digests]) -> Finding:
    """Whether an example occurs twice in one split."""
    each = {name: repeated_within(found) for name, found in digests.items()}
    count = sum(each.values())
    listed = ", ".join(f"{name} {number:,}" for name, number in each.items() if number)
    words = (
        f"{count:,} examples repeat an earlier one of their split ({listed}): "
        "they count twice in every interval."
        if count
        else "No example occurs twice in a split."
    )
    return Finding(
        "equal rows within splits", "note" if count else "pass", count, "examples", words
    )


def shared_twins(twins: dict[str, Digests], recipe: Recipe) -> Finding:
    """Whether two splits hold the same signal with different noise."""
    count, where = _shared(twins)
    name = "equal clean twins across splits"
    if not count:
        words = "No two splits hold the same signal with different noise."
        return Finding(name, "pass", 0, "examples", words)
    words = f"{count:,} examples have the clean twin of one in another split ({where})."
    symbols = recipe.source.symbols_per_example
    bits = min((row.bits_per_interval or np.inf) * symbols for row in recipe.modulations)
    if bits < _ENOUGH_BITS:
        words += f" Examples of {bits:g} bits are so short that they coincide by chance."
        return Finding(name, "note", count, "examples", words)
    return Finding(name, "leak", count, "examples", words)


def shared_addresses(recipe: Recipe) -> Finding:
    """Whether random streams of two blocks of examples start equally."""
    begun = Counter(
        tuple(block_streams(recipe.seed, block)("bits").integers(2**63, size=2))
        for split in SPLITS
        for block in blocks(recipe, split)
    )
    count = sum(begun.values()) - len(begun)
    words = (
        f"{count:,} of {sum(begun.values()):,} blocks share the random stream of another."
        if count
        else f"Each of {len(begun):,} blocks of every split, class and SNR has a random stream "
        "of its own."
    )
    return Finding("shared addresses", _leak(count), count, "blocks", words)


_UNKNOWN_ADDRESSES = Finding(
    "shared addresses",
    "note",
    0,
    "blocks",
    "Which examples were cut from one stream is not stored: neighbouring windows, with the same "
    "channel and message, may be in train and test, which cannot be detected.",
)


def equal_classes(dataset: Dataset) -> Finding:
    """Classes that send the same signals, and the upper bound of accuracy that follows."""
    groups = [tuple(group) for group in dataset.card["same_signals"]]
    lost = sum(len(group) - 1 for group in groups)
    most = 1 - lost / len(dataset.classes)
    if not groups:
        words = "No two classes are known to send the same signals."
        return Finding("equal classes", "pass", 1.0, "accuracy", words)
    listed = "; ".join(" and ".join(group) for group in groups)
    words = (
        f"These send the same signals: {listed}. No classifier can distinguish them, so accuracy "
        f"over all classes is at most {100 * most:.0f} %."
    )
    return Finding("equal classes", "note", most, "accuracy", words)


def balance(dataset: Dataset) -> Finding:
    """Whether every class is as frequent at every SNR."""
    uneven = []
    share = 0.0
    for split in SPLITS:
        label, snr_db = dataset.labels(split)
        points, point = np.unique(known_snr(snr_db), return_inverse=True)
        counts = np.zeros((len(points), len(dataset.classes)), np.int64)
        np.add.at(counts, (point, label), 1)
        share = max(share, float(counts.max(axis=1).sum() / len(label)))
        if counts.min() != counts.max():
            uneven.append(f"{split} {counts.min():,} to {counts.max():,}")
    words = (
        f"Examples per class and SNR are unbalanced: {', '.join(uneven)}; chance is the share of "
        "the most frequent class."
        if uneven
        else "Every class has the same number of examples at every SNR of a split."
    )
    verdict: Verdict = "note" if uneven else "pass"
    return Finding("class balance", verdict, share, "accuracy of guessing, SNR known", words)


def row_order(split: Split) -> Finding:
    """Whether rows are sorted by class, so that the first rows are not a random sample."""
    changes = int(np.count_nonzero(np.diff(split.label)))
    expected = len(split.label) * (1 - 1 / max(len(np.unique(split.label)), 1))
    sorted_ = changes < expected / 2
    words = (
        "Rows are sorted by class, as in every split that rfmae writes: shuffle them, and do not "
        "take a subset from one end."
        if sorted_
        else "Classes are mixed along the rows."
    )
    return Finding(
        "order of rows", "note" if sorted_ else "pass", changes, "changes of class", words
    )


def snr_labels(dataset: Dataset, recipe: Recipe, splits: dict[str, Split]) -> Finding:
    """The SNR that clean twins show against that of the labels."""
    name = "SNR against label"
    why = why_unmeasured(dataset, recipe)
    able = np.array(measurable(dataset, recipe))
    if why or not able.any():
        words = why or "the matched filter recovers no class with all its energy"
        return Finding(name, "note", 0.0, "dB", f"Not measured: {words}.")
    errors = _errors(dataset, recipe, splits, able)
    if not errors.names:
        words = "Not measured: there are too few examples of any SNR or class."
        return Finding(name, "note", 0.0, "dB", words)
    wrong = [f"{errors.names[g]} {errors.mean_db[g]:+.2f} dB" for g in np.flatnonzero(errors.wrong)]
    skipped = [
        row.name for row, is_able in zip(recipe.modulations, able, strict=True) if not is_able
    ]
    aside = f" Left out, without a matched filter: {', '.join(skipped)}." if skipped else ""
    words = (
        f"Clean twins show another SNR than the label, by more than {TOLERANCE_DB:g} dB: "
        f"{'; '.join(wrong)}.{aside}"
        if wrong
        else f"Clean twins show the SNR of the label within {TOLERANCE_DB:g} dB, for every class "
        f"and SNR that can be measured ({snr_view(dataset)}).{aside}"
    )
    sure = np.argmin(errors.high_db - errors.low_db)
    largest = float(errors.mean_db[np.abs(errors.mean_db).argmax() if wrong else sure])
    return Finding(name, "wrong" if wrong else "pass", largest, "dB", words)


def _errors(
    dataset: Dataset, recipe: Recipe, splits: dict[str, Split], able: FloatArray
) -> SnrErrors:
    label = np.concatenate([split.label for split in splits.values()])
    snr_db = np.concatenate([split.snr_db for split in splits.values()])
    measured = np.concatenate([split.measures["snr"] for split in splits.values()])
    offset_db = np.concatenate(
        [
            split.sampled.get("snr_offset_db", np.zeros(len(split.label)))
            for split in splits.values()
        ]
    )
    stated = stated_snr(dataset, recipe, label, snr_db, offset_db)
    usable = able[label]
    groups = {
        f"{point:g} dB": np.flatnonzero(usable & (snr_db == point)) for point in np.unique(snr_db)
    }
    groups |= {
        dataset.classes[c]: np.flatnonzero(label == c) for c in np.flatnonzero(able).tolist()
    }
    return snr_errors(measured, stated, dataset.samples(snr_view(dataset)), groups)


def _shared(digests: dict[str, Digests]) -> tuple[int, str]:
    """Rows that two splits share, and which splits those are."""
    pairs = {
        f"{first} and {second}": shared_between(digests[first], digests[second])
        for first, second in combinations(digests, 2)
    }
    listed = ", ".join(f"{name} {count:,}" for name, count in pairs.items() if count)
    return sum(pairs.values()), listed


def _leak(count: int) -> Verdict:
    return "leak" if count else "pass"
