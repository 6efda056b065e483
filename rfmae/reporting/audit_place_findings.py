"""The findings of an audit about places in words: means, tones, times, samples, carriers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rfmae.records.audit_report import CarrierLines, Finding, PlaceTest, Verdict

Kind = Literal["mean", "tone", "time", "sample"]

_TITLES: dict[Kind, str] = {
    "mean": "mean",
    "tone": "tones",
    "time": "energy in time",
    "sample": "single samples",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What the places of a test are: the view, the samples and blocks that were tested."""

    view: str
    tested: int  # samples that were tested one by one
    blocks: int
    residual: bool  # whether the clean twin was taken off first

    def title(self, kind: Kind) -> str:
        return f"{_TITLES[kind]}{' of the residual' if self.residual else ''}, {self.view}"

    def of(self, kind: Kind, place: int) -> str:
        """A place in words."""
        turns = place / self.tested
        shown: dict[Kind, str] = {
            "mean": "A constant (DC)",
            "tone": f"A tone at {turns - 1 if turns > 0.5 else turns:+.4g} turns per sample",
            "time": f"Energy in part {place + 1} of {self.blocks} of an example",
            "sample": f"Sample {place % self.tested} of an example",
        }
        return shown[kind]

    @property
    def power(self) -> str:
        """What powers are compared with."""
        return "the power of the signal" if self.residual else "the power of an example"


def place_finding(
    kind: Kind,
    test: PlaceTest | None,
    where: Place,
    names: Sequence[str],
    *,
    leaks: bool,
    why_note: str = "",
) -> Finding:
    """A leak where a class stands out at a place; a note where that may be the modulation."""
    title = where.title(kind)
    if test is None:
        words = "Not tested: no two classes that can be compared have 20 examples each."
        return Finding(title, "note", 0.0, "dB", words)
    seen = f"from {test.noticeable_db:.0f} dB of {where.power} on"
    if not leaks:
        words = f"No class stands out; one would have been seen {seen}."
        return _finding(title, "pass", test, words)
    words = (
        f"{where.of(kind, test.place)} predicts {names[test.label]}: about {test.size_db:.0f} dB "
        f"of {where.power}, seen {seen}."
    )
    return _finding(title, "note" if why_note else "leak", test, f"{words} {why_note}".rstrip())


def _finding(title: str, verdict: Verdict, test: PlaceTest, words: str) -> Finding:
    found = 0.0 if verdict == "pass" else test.size_db
    return Finding(
        title,
        verdict,
        found,
        "dB of power",
        words,
        p_value=test.p_value,
        noticeable_db=test.noticeable_db,
    )


def carrier_finding(
    view: str,
    lines: CarrierLines | None,
    steps: PlaceTest | None,
    names: Sequence[str],
    *,
    leaks: bool,
    why_note: str = "",
) -> Finding:
    """Whether classes have carriers of their own: by lines of powers, and by the mean step."""
    title = f"carrier, {view}"
    if lines is None and steps is None:
        words = "Not tested: no two classes whose carriers can be compared have 20 examples each."
        return Finding(title, "note", 0.0, "turns per sample", words)
    verdict: Verdict = ("note" if why_note else "leak") if leaks else "pass"
    apart = lines is not None and lines.common is None  # which no p-value is needed for
    said = []
    if lines is not None:
        said.append(_of_lines(lines, names))
    if steps is not None:
        least = steps.noticeable / 2  # a score of one is half a turn
        said.append(
            f"The mean step of phase of {names[steps.label]} differs by "
            f"{steps.difference / 2:+.2g} turns per sample, seen from {least:.2g} on."
            if leaks and not apart
            else f"The mean step of phase is that of all classes, to {least:.2g} turns per sample."
        )
    if why_note:
        said.append(why_note)
    found = 0.0 if lines is None else max(lines.turns.values(), key=abs)
    p_value = None if steps is None or apart else steps.p_value
    return Finding(title, verdict, found, "turns per sample", " ".join(said), p_value=p_value)


def _of_lines(lines: CarrierLines, names: Sequence[str]) -> str:
    if lines.common is not None:
        return (
            f"Lines of powers of {', '.join(names[c] for c in lines.turns)} agree on one carrier, "
            f"{lines.common:+.4g} turns per sample, to {lines.resolution:.2g}."
        )
    listed = ", ".join(f"{names[c]} {turns:+.4g}" for c, turns in lines.turns.items())
    return f"Classes have carriers of their own, in turns per sample: {listed}."


# copies and noise ---------------------------------------------------------------------------------


def copies_finding(counts: Mapping[str, int], checked: str) -> tuple[Finding, Finding]:
    """Rows that are another but for scale, phase or shift: across splits, and within one.

    `counts` are by the names of both splits, or of one; `checked` says how many were compared.
    """
    across = {name: count for name, count in counts.items() if " and " in name and count}
    within = {name: count for name, count in counts.items() if " and " not in name and count}
    return (
        _copies("across splits", across, "leak", "a score on them measures memory", checked),
        _copies("within splits", within, "note", "they are not independent", checked),
    )


def _copies(
    where: str, counts: Mapping[str, int], verdict: Verdict, follows: str, checked: str
) -> Finding:
    count = sum(counts.values())
    listed = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    words = (
        f"{count:,} examples are another one but for scale, phase or a shift ({listed}): "
        f"{follows}.{checked}"
        if count
        else "No example is another one but for scale, phase or a shift of at most three quarters."
    )
    title = f"rows equal up to scale, phase, shift, {where}"
    return Finding(title, verdict if count else "pass", count, "examples", words)


def shared_noise_finding(
    pairs: Mapping[str, int], least: float | None, *, residual: bool
) -> Finding:
    """Whether examples have their noise in common, by the names of the splits of both.

    `least` is the correlation from which on it would have been seen, none where too few examples
    were compared.
    """
    title, count = "noise that repeats", sum(pairs.values())
    if least is None:
        return Finding(title, "note", 0, "pairs", "Not tested: fewer than two examples have noise.")
    what = "residuals" if residual else "examples of the lowest SNRs"
    if not count:
        words = f"No two {what} of those compared correlate by {least:.2f} or more, at any lag."
        return Finding(title, "pass", 0, "pairs", words)
    across = any(" and " in name and number for name, number in pairs.items())
    listed = ", ".join(f"{name} {number:,}" for name, number in pairs.items() if number)
    words = (
        f"{count:,} pairs of {what} have noise in common ({listed}), seen from a correlation of "
        f"{least:.2f} on: they are not independent."
    )
    return Finding(title, "leak" if across else "note", count, "pairs", words)


def noise_table_finding(share: float, values: float) -> Finding:
    """Whether noise was drawn from a table; `share` of the examples show equal values.

    `values` is the size of the table that so many equal values speak for.
    """
    title = "noise from a table"
    if share <= 0:
        words = "No example has equal noise at two samples more often than chance allows."
        return Finding(title, "pass", 0.0, "% of examples", words)
    words = (
        f"{100 * share:.0f} % of the examples have the very same noise at several samples, as from "
        f"a table of some {values:,.0f} values: examples share their noise, and a network may "
        "learn the table. Fast noise sources draw so; take one that computes every value."
    )
    return Finding(title, "note", 100 * share, "% of examples", words)


# names --------------------------------------------------------------------------------------------


def names_finding(contradicted: Mapping[str, str], agreed: int, unchecked: int) -> Finding:
    """Whether samples are what the names of classes say; `contradicted` have their reasons."""
    title, count = "names of classes", len(contradicted)
    rest = f"{agreed} agree, {unchecked} could not be checked"
    if not count:
        words = f"No class contradicts its name: {rest}."
        return Finding(title, "pass", 0, "classes", words)
    listed = "; ".join(f"{name}: {reason}" for name, reason in contradicted.items())
    words = (
        f"The samples of {count} classes are not what the table of modulations has under their "
        f"name ({listed}); {rest}. Another toolkit may mean other points, or a label is wrong."
    )
    return Finding(title, "note", count, "classes", words)
