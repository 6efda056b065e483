"""The names of classes of plain arrays: ours where the samples agree, else those of the file."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rfmae.imports.name_checks import Check, check_name
from rfmae.records import ComplexArray
from rfmae.signal.class_matching import table_row
from rfmae.signal.modulations import Modulation

_ONE_MEANING = re.compile(
    r"\d*(PSK|PAM)|(16|64|256|1024)QAM|GMSK|MSK|DBPSK|DQPSK|D8PSK|BPSK|.*QPSK"
)
"""Names under which all toolkits have the same points; others differ in ASK, cross QAM, rings,
modulation index or message."""

_UNCHECKED = Check("unknown", "it has no examples")


def checked_names(
    names: Sequence[str], rows: Mapping[str, ComplexArray]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that classes get, and what is to be said about them.

    `rows` are examples (N, T) of some classes by name. A name that the table has under another
    spelling becomes that of the table where the samples agree. Where nothing can be decided that is
    so for names that mean the same points everywhere.
    """
    found = {name: table_row(name) for name in names}
    checks = {
        name: check_name(row, rows[name]) if name in rows else _UNCHECKED
        for name, row in found.items()
        if row is not None
    }
    wanted = {name: _wanted(name, found[name], checks.get(name)) for name in names}
    count = Counter(wanted.values())
    given = tuple(
        name if count[wanted[name]] > 1 and name != wanted[name] else wanted[name] for name in names
    )
    notes = [
        _note(name, new, row, checks[name])
        for name, new in zip(names, given, strict=True)
        if (row := found[name]) is not None
    ]
    return given, tuple(note for note in notes if note)


def without_notes_on(classes: Sequence[str], notes: Sequence[str]) -> tuple[str, ...]:
    """Notes without those that `checked_names` makes on some of the classes that it gave."""
    about = tuple(
        words
        for name in classes
        for words in (f"{name} is kept", f" is renamed to {name}:", f" is written {name};")
    )
    return tuple(
        note
        for note in notes
        if not any(
            words in note if words.startswith(" ") else note.startswith(words) for words in about
        )
    )


def _wanted(name: str, row: Modulation | None, check: Check | None) -> str:
    if row is None or check is None or check.verdict == "contradicts":
        return name
    if check.verdict == "unknown" and not (_is_spelling(name, row) and _has_one_meaning(row)):
        return name
    return row.name


def _is_spelling(name: str, row: Modulation) -> bool:
    """Whether a name has the letters and digits of the table's, in any order."""
    return sorted(re.findall(r"\d+|[A-Z]+", name.upper())) == sorted(
        re.findall(r"\d+|[A-Z]+", row.name.upper())
    )


def _has_one_meaning(row: Modulation) -> bool:
    return _ONE_MEANING.fullmatch(row.name) is not None


def _note(name: str, given: str, row: Modulation, check: Check) -> str:
    """What is said about a name; nothing about one of the table that nothing contradicts."""
    if check.verdict == "contradicts":
        return f"{name} is kept, but its samples are not {row.name} ({check.reason})"
    if given != name and check.verdict == "agrees":
        return f"{name} is renamed to {given}: its samples agree ({check.reason})"
    if given != name:
        return f"{name} is written {given}; its samples were not checked ({check.reason})"
    if name != row.name and check.verdict == "unknown":
        return (
            f"{name} is kept: whether it is the {row.name} of the table was not checked "
            f"({check.reason})"
        )
    if name != row.name:
        return f"{name} is kept, for another class is {row.name} already"
    return ""
