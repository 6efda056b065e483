"""Findings about rows and labels: equal rows, addresses, equal classes, balance, measured SNR."""

from collections.abc import Iterator

import numpy as np

from rfmae.datasets.recipe import SPLITS, Recipe, load_recipe
from rfmae.datasets.stated_snr import measurable, snr_view, stated_snr, why_unmeasured
from rfmae.datasets.store import Dataset
from rfmae.datasets.synthesis import block_streams, blocks
from rfmae.evaluation.leak_measures import Split
from rfmae.evaluation.leak_rows import (
    class_balance,
    class_changes,
    highest_accuracy,
    joined_column,
    label_snr_errors,
    repeated_rows,
    repeats,
    shared_rows,
)
from rfmae.records.audit_report import Finding
from rfmae.reporting.audit_findings import (
    UNKNOWN_ADDRESSES,
    balance_finding,
    equal_classes_finding,
    repeated_rows_finding,
    row_order_finding,
    shared_addresses_finding,
    shared_rows_finding,
    shared_twins_finding,
    snr_finding,
    unmeasured_snr_finding,
)


def row_findings(dataset: Dataset, splits: dict[str, Split]) -> list[Finding]:
    """The findings that need no classifier."""
    digests = {name: split.digests for name, split in splits.items()}
    found = [
        shared_rows_finding(shared_rows(digests)),
        repeated_rows_finding(repeated_rows(digests)),
    ]
    if dataset.has_clean:
        recipe = load_recipe(dataset.folder / "recipe.toml")
        twins = shared_rows({name: split.twins for name, split in splits.items()})
        found += [shared_twins_finding(twins, _fewest_bits(recipe)), shared_addresses(recipe)]
    else:
        found.append(UNKNOWN_ADDRESSES)
    found += _label_findings(dataset, splits)
    if dataset.has_clean:
        found.append(_snr_labels(dataset, recipe, splits))
    return found


def shared_addresses(recipe: Recipe) -> Finding:
    """Whether random streams of two blocks of examples start equally."""
    return shared_addresses_finding(*repeats(_first_draws(recipe)))


def _first_draws(recipe: Recipe) -> Iterator[tuple[int, ...]]:
    """How the random stream of each block of examples starts."""
    for split in SPLITS:
        for block in blocks(recipe, split):
            yield tuple(block_streams(recipe.seed, block)("bits").integers(2**63, size=2))


def _fewest_bits(recipe: Recipe) -> float:
    """The bits of an example of the class that has the fewest."""
    symbols = recipe.source.symbols_per_example
    return min((row.bits_per_interval or np.inf) * symbols for row in recipe.modulations)


def _label_findings(dataset: Dataset, splits: dict[str, Split]) -> list[Finding]:
    groups, classes = dataset.card["same_signals"], len(dataset.classes)
    balance = class_balance({split: dataset.labels(split) for split in SPLITS}, classes)
    changes, is_sorted = class_changes(splits["test"].label)
    return [
        equal_classes_finding(groups, highest_accuracy(groups, classes)),
        balance_finding(balance.uneven, balance.guessing),
        row_order_finding(changes, is_sorted=is_sorted),
    ]


def _snr_labels(dataset: Dataset, recipe: Recipe, splits: dict[str, Split]) -> Finding:
    """The SNR that clean twins show against that of the labels."""
    why = why_unmeasured(dataset, recipe)
    able, view = np.array(measurable(dataset, recipe)), snr_view(dataset)
    if why or not able.any():
        return unmeasured_snr_finding(why)
    every = list(splits.values())
    label = np.concatenate([split.label for split in every])
    snr_db = np.concatenate([split.snr_db for split in every])
    offset_db = joined_column(every, "snr_offset_db")
    stated = stated_snr(dataset, recipe, label, snr_db, offset_db)
    errors = label_snr_errors(every, stated, able, dataset.classes, dataset.samples(view))
    skipped = [
        row.name for row, is_able in zip(recipe.modulations, able, strict=True) if not is_able
    ]
    return snr_finding(errors, view, skipped)
