"""Why a split would be empty, or lacks a class, in words whose advice fits."""

from collections.abc import Mapping, Sequence

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.imports.places import NO_SPLIT, Places, split_number
from rfmae.imports.sources import Facts, Known
from rfmae.imports.splits import Shares
from rfmae.records import BoolArray, IntArray

_TRAIN = split_number("train")


def refuse_empty(
    facts: Facts,
    known: Known,
    rows: Mapping[str, IntArray],
    shares: Shares,
    places: Places | None,
) -> None:
    """Refuse a division (rows by split) in which a split holds nothing, with the reason."""
    for number, split in enumerate(SPLITS):
        if not len(rows[split]):
            reason = (
                _why_none_are_left(facts, known, split, places)
                or _why_it_has_no_share(split, shares[number])
                or _why_windows_are_few(places)
            )
            if reason is not None:
                raise DatasetError(f"split {split} would be empty: {reason}")
            raise DatasetError(
                f"split {split} would be empty with shares {shares} of {len(known)} examples of "
                f"{facts.name}; give it a larger share, or more examples, such as shorter ones "
                "with --samples"
            )


def missing_classes(
    facts: Facts, known: Known, rows: Mapping[str, IntArray], places: Places | None = None
) -> tuple[str, ...]:
    """A note for each split in which a class has no example, though it has some elsewhere."""
    present = set(known.label[known.label >= 0].tolist())
    own = _own_splits(facts, known, places)
    notes = []
    for number, split in enumerate(SPLITS):
        missing = sorted(present - set(known.label[rows[split]].tolist()))
        reasons: dict[str, list[str]] = {}
        for label in missing:
            reason = _why_it_lacks(known, own, number, label, places)
            reasons.setdefault(reason, []).append(facts.classes[label])
        notes += [
            f"split {split} holds no example of {', '.join(names)}{reason}"
            for reason, names in reasons.items()
        ]
    return tuple(notes)


def _why_none_are_left(facts: Facts, known: Known, split: str, places: Places | None) -> str | None:
    """Where all examples are left out, or in splits of the authors."""
    kept, own = _kept(known), _own_splits(facts, known, places)
    if not kept.any():
        return f"all {len(known):,} examples of {facts.name} are left out"
    held, rest = kept & (own > _TRAIN), kept & (own <= _TRAIN)
    names = _names(own[held])
    if not rest.any():
        return (
            f"{facts.name} puts every example into {names}, and leaves none for {split}; give "
            "some to train, or leave their split open"
        )
    if held.any() and np.isin(known.digest[rest], known.digest[held]).all():
        return (
            f"every example that {facts.name} does not put into {names} is there, too; name "
            "other examples for one of them"
        )
    return None


def _why_it_has_no_share(split: str, share: float) -> str | None:
    return None if share > 0 else f"--shares give {split} none; give it one above 0"


def _why_windows_are_few(places: Places | None) -> str | None:
    if places is None or not _hop_is_too_long(places):
        return None
    return (
        f"a hop of {places.windows.hop:,} samples takes one window of each of the "
        f"{len(places):,} {places.stretches_are}; name a shorter --hop"
    )


def _why_it_lacks(
    known: Known, own: IntArray, number: int, label: int, places: Places | None
) -> str:
    """Why a split lacks a class, and what to do."""
    mine = _kept(known) & (known.label == label)
    held, rest = mine & (own > _TRAIN), mine & (own <= _TRAIN)
    if (own == number).any():
        return ", as the set has it; add some to it"
    if not rest.any() and held.any():
        return f": {_names(own[held])}, as the set has it, holds all; add others to the rest"
    others = _kept(known) & (own > _TRAIN)
    if rest.any() and np.isin(known.digest[rest], known.digest[others]).all():
        names = _names(own[others])
        return f": those that are not in {names}, as the set has it, are there, too; add others"
    if places is None or not places.are_cut:
        return "; give it a larger share with --shares, or more examples"
    shorter = "--hop" if _hop_is_too_long(places) else "--samples"
    return f"; add {places.stretches_are} of it, longer ones or more, or name a shorter {shorter}"


def _kept(known: Known) -> BoolArray:
    """The rows (N,) of classes that were chosen, without those that are no finite numbers."""
    kept: BoolArray = known.label >= 0
    return kept if known.bad is None else kept & ~known.bad


def _own_splits(facts: Facts, known: Known, places: Places | None) -> IntArray:
    """The split (N,) that the authors gave each row, NO_SPLIT where they gave none."""
    if places is not None:
        return places.split
    own = np.full(len(known), NO_SPLIT)
    if facts.test_from is not None:
        own[facts.test_from :] = split_number("test")
    return own


def _names(own: Sequence[int] | IntArray) -> str:
    return " and ".join(SPLITS[number] for number in np.unique(own))


def _hop_is_too_long(places: Places) -> bool:
    """Whether a hop that is longer than a window leaves one window of each stretch."""
    one_each = len(np.unique(places.stretch)) == len(places)
    return places.are_cut and places.windows.hop > places.windows.samples and one_each
