"""The output of `classify`: the bursts of a recording as a table, or one by one of a stream."""

import json
import sys
from typing import TYPE_CHECKING, Any

from rfmae_cli import console

if TYPE_CHECKING:
    from rfmae.workflows.inspect.following import Heard, Stream
    from rfmae.workflows.inspect.identified import Identified


def print_answer(item: "Identified", windows: bool) -> None:
    """A line about the recording, its bursts, what is to be known of them, what was written."""
    from rfmae.workflows.inspect.burst_tables import HEADS, burst_notes, burst_rows, heading

    assert item.capture is not None and item.answer is not None
    console.say(heading(item.capture, item.answer))
    rows = burst_rows(item.answer, item.capture.segments, windows=windows)
    if rows:
        beneath = {number: row.beneath for number, row in enumerate(rows)}
        console.say_table(HEADS, [list(row.cells) for row in rows], beneath)
    for note in (*item.capture.notes, *burst_notes(item.answer)):
        console.say(f"note: {note}")
    for path in item.written:
        console.say(f"written: {path}")
    console.say("")


def as_json(item: "Identified") -> dict[str, Any]:
    """What is found in a recording, or why nothing is."""
    from rfmae.workflows.inspect.burst_json import answer_json, failure_json

    if item.capture is None or item.answer is None:
        return failure_json(str(item.path), item.problem)
    written = [str(path) for path in item.written]
    return answer_json(item.capture, item.answer) | ({"written": written} if written else {})


def print_stream_head(stream: "Stream") -> None:
    """What is followed, on standard error: standard output holds bursts alone."""
    console.stderr.print(stream.words, markup=False, soft_wrap=True)


def print_heard(heard: "Heard", sample_rate_hz: float, as_json: bool) -> None:
    """One burst of a stream, at once."""
    from rfmae.workflows.inspect.following import heard_json, heard_words

    line = (
        json.dumps(heard_json(heard, sample_rate_hz), allow_nan=False)
        if as_json
        else heard_words(heard, sample_rate_hz)
    )
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
