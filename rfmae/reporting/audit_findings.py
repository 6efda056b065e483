"""The findings of a leak audit in words, from what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.records.audit_report import TOLERANCE_DB, ChanceTest, Finding, SnrErrors, Verdict

_ENOUGH_BITS = 64
"""Bits of a clean twin below which two draws may send the same symbols by chance."""

_MANY = 0.1  # share of quantised examples


# whether features predict the class ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wording:
    """The name of a test of features against chance, and what its outcomes mean."""

    name: str
    if_leak: str  # explanation of a leak
    if_not: str
    harmless: str = ""  # why a leak would be harmless; empty where it is not


def chance_finding(words: Wording, test: ChanceTest, *, leaks: bool) -> Finding:
    """A leak where hits beat chance; a note where that is harmless or could not be detected."""
    if leaks:
        harmless = words.harmless
        explanation = words.if_leak + (f" {harmless}" if harmless else "")
        verdict: Verdict = "note" if harmless else "leak"
    elif test.noticeable > 1:
        verdict, explanation = (
            "note",
            f"{test.examples} test examples are too few: not even all hits would be significant.",
        )
    else:
        verdict, explanation = "pass", words.if_not
    return Finding(words.name, verdict, test.accuracy, "accuracy", explanation, test)


def power_wordings(
    view: str, levels_db: Mapping[str, float], *, shown: bool, absolute: bool
) -> tuple[Wording, Wording]:
    """Of the power as stored or as `shown` to a network, SNR unknown and known.

    `levels_db` are the mean levels by class; `absolute` where a network sees them as stored.
    """
    hidden = (
        "It is no leak to a network, which gets every example at unit power; "
        "other users of the files must normalise, too."
    )
    what = f"power of the {view}, as {'shown' if shown else 'stored'}"
    harmless = "" if shown or absolute else hidden
    leak = _levels(levels_db)
    return (
        Wording(what, leak, _POWER_IS_NO_LEAK, harmless),
        Wording(f"{what}, SNR known", leak, _POWER_IS_NO_LEAK, harmless),
    )


_POWER_IS_NO_LEAK = "The power of an example, to a hundredth of a dB, does not predict its class."


def _levels(levels_db: Mapping[str, float]) -> str:
    low, high = (end(levels_db, key=levels_db.__getitem__) for end in (min, max))
    return (
        f"Amplitude predicts the class: the mean level runs from {levels_db[low]:.2f} dB ({low}) "
        f"to {levels_db[high]:.2f} dB ({high}), noise included."
    )


def dots_wording(
    view: str,
    dots: tuple[int, int],
    medians: Mapping[str, tuple[int, int]],
    quantised_share: float,
) -> Wording:
    """Of the number of distinct points: its range, and its median by class (see `Split`)."""
    low, high = dots
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return Wording(
        f"number of dots of the {view}",
        _dots(medians),
        f"Every class has the same number of distinct points, {span} an "
        "example, or a number that does not predict it.",
        "These samples are quantised, so that values repeat: the number of points is then a "
        "property of the constellation itself."
        if quantised_share > _MANY
        else "",
    )


def _dots(medians: Mapping[str, tuple[int, int]]) -> str:
    """The classes by their median number of points, the most frequent number last."""
    groups: dict[tuple[int, int], list[str]] = {}
    for name, found in medians.items():
        groups.setdefault(found, []).append(name)
    if len(groups) == 1:
        return "The number of distinct points of an example predicts its class."
    odd = len({samples for _, samples in groups}) > 1
    parts = [
        f"{', '.join(names)} {dots:,}" + (f" of {samples:,} samples not zero" if odd else "")
        for (dots, samples), names in sorted(groups.items(), key=lambda item: len(item[1]))
    ]
    listed = "; ".join(parts)
    return f"The number of distinct points of an example predicts its class; medians: {listed}."


def metadata_wording(columns: Sequence[str]) -> Wording:
    """Of all metadata but the label."""
    listed = ", ".join(columns)
    return Wording(
        "metadata",
        f"Metadata predict the class: {listed}.",
        f"Metadata do not predict the class: {listed}.",
    )


def control_wording(right: float) -> Wording:
    """Of the control with shuffled labels; a share of them is right with the true ones."""
    words = f"with true labels {100 * right:.1f} % are right"
    return Wording(
        "shuffled labels",
        f"Nearest neighbours with shuffled labels beat chance ({words}): this audit is invalid.",
        f"Nearest neighbours with shuffled labels do not beat chance; {words}.",
    )


# rows and labels ----------------------------------------------------------------------------------


def shared_rows_finding(counts: Mapping[str, int]) -> Finding:
    """Whether an example occurs in two splits; `counts` are those of each two."""
    count, where = sum(counts.values()), _listed(counts)
    words = (
        f"{count:,} examples occur in two splits byte for byte ({where}): "
        "a score on them measures memory."
        if count
        else "No example occurs in two splits byte for byte."
    )
    return Finding("equal rows across splits", _leak(count), count, "examples", words)


def repeated_rows_finding(counts: Mapping[str, int]) -> Finding:
    """Whether an example occurs twice in one split; `counts` are those of each."""
    count = sum(counts.values())
    words = (
        f"{count:,} examples repeat an earlier one of their split ({_listed(counts)}): "
        "they count twice in every interval."
        if count
        else "No example occurs twice in a split."
    )
    return Finding(
        "equal rows within splits", "note" if count else "pass", count, "examples", words
    )


def shared_twins_finding(counts: Mapping[str, int], bits: float) -> Finding:
    """Whether two splits hold the same signal with different noise.

    `bits` are those of an example of the class that has the fewest.
    """
    count, where = sum(counts.values()), _listed(counts)
    name = "equal clean twins across splits"
    if not count:
        words = "No two splits hold the same signal with different noise."
        return Finding(name, "pass", 0, "examples", words)
    words = f"{count:,} examples have the clean twin of one in another split ({where})."
    if bits < _ENOUGH_BITS:
        words += f" Examples of {bits:g} bits are so short that they coincide by chance."
        return Finding(name, "note", count, "examples", words)
    return Finding(name, "leak", count, "examples", words)


def shared_addresses_finding(repeated: int, blocks: int) -> Finding:
    """Whether random streams of two blocks of examples start equally."""
    words = (
        f"{repeated:,} of {blocks:,} blocks share the random stream of another."
        if repeated
        else f"Each of {blocks:,} blocks of every split, class and SNR has a random stream "
        "of its own."
    )
    return Finding("shared addresses", _leak(repeated), repeated, "blocks", words)


UNKNOWN_ADDRESSES = Finding(
    "shared addresses",
    "note",
    0,
    "blocks",
    "Which examples were cut from one stream is not stored: neighbouring windows, with the same "
    "channel and message, may be in train and test, which cannot be detected.",
)


def equal_classes_finding(groups: Sequence[Sequence[str]], highest_accuracy: float) -> Finding:
    """Classes that send the same signals, and the upper bound of accuracy that follows."""
    if not groups:
        words = "No two classes are known to send the same signals."
        return Finding("equal classes", "pass", 1.0, "accuracy", words)
    listed = "; ".join(" and ".join(group) for group in groups)
    words = (
        f"These send the same signals: {listed}. No classifier can distinguish them, so accuracy "
        f"over all classes is at most {100 * highest_accuracy:.0f} %."
    )
    return Finding("equal classes", "note", highest_accuracy, "accuracy", words)


def balance_finding(uneven: Mapping[str, tuple[int, int]], guessing: float) -> Finding:
    """Whether every class is as frequent at every SNR."""
    listed = ", ".join(f"{split} {few:,} to {many:,}" for split, (few, many) in uneven.items())
    words = (
        f"Examples per class and SNR are unbalanced: {listed}; chance is the share of "
        "the most frequent class."
        if uneven
        else "Every class has the same number of examples at every SNR of a split."
    )
    verdict: Verdict = "note" if uneven else "pass"
    return Finding("class balance", verdict, guessing, "accuracy of guessing, SNR known", words)


def row_order_finding(changes: int, *, is_sorted: bool) -> Finding:
    """Whether rows are sorted by class, so that the first rows are not a random sample."""
    words = (
        "Rows are sorted by class, as in every split that rfmae writes: shuffle them, and do not "
        "take a subset from one end."
        if is_sorted
        else "Classes are mixed along the rows."
    )
    return Finding(
        "order of rows", "note" if is_sorted else "pass", changes, "changes of class", words
    )


_SNR_NAME = "SNR against label"


def unmeasured_snr_finding(why: str) -> Finding:
    """Why the SNR of the label was not measured."""
    words = why or "the matched filter recovers no class with all its energy"
    return Finding(_SNR_NAME, "note", 0.0, "dB", f"Not measured: {words}.")


def snr_finding(errors: SnrErrors, view: str, skipped: Sequence[str]) -> Finding:
    """The SNR that clean twins show in a view against that of the labels."""
    if not errors.names:
        words = "Not measured: there are too few examples of any SNR or class."
        return Finding(_SNR_NAME, "note", 0.0, "dB", words)
    wrong = [f"{errors.names[g]} {errors.mean_db[g]:+.2f} dB" for g in np.flatnonzero(errors.wrong)]
    aside = f" Left out, without a matched filter: {', '.join(skipped)}." if skipped else ""
    words = (
        f"Clean twins show another SNR than the label, by more than {TOLERANCE_DB:g} dB: "
        f"{'; '.join(wrong)}.{aside}"
        if wrong
        else f"Clean twins show the SNR of the label within {TOLERANCE_DB:g} dB, for every class "
        f"and SNR that can be measured ({view}).{aside}"
    )
    sure = np.argmin(errors.high_db - errors.low_db)
    largest = float(errors.mean_db[np.abs(errors.mean_db).argmax() if wrong else sure])
    return Finding(_SNR_NAME, "wrong" if wrong else "pass", largest, "dB", words)


def _listed(counts: Mapping[str, int]) -> str:
    """Those of the counts that are not zero, by their names."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)


def _leak(count: int) -> Verdict:
    return "leak" if count else "pass"
