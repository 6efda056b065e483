"""The output of `classify --model`: the class of a recording, its windows, what was received."""

from typing import Any

from rfmae_cli import console


def print_verdict(verdict: dict[str, Any], received: list[str], verbose: bool) -> None:
    """A recording with its class and what was received; in detail each of its windows first."""
    labelled = f" (labelled {', '.join(verdict['labels'])})" if verdict["labels"] else ""
    found, count = verdict["probability"], len(verdict["windows"])
    windows = f"{count:,} window{'' if count == 1 else 's'} of {verdict['window_length']:,}"
    whole = f"{verdict['class']}, probability {found:.3f} of {windows}" if found else "unknown"
    remarks = [*received, *verdict["doubts"], *verdict["notes"]]
    if not verbose:
        console.say(f"{verdict['recording']}: {whole}{labelled}")
        for remark in remarks:
            console.say(f"  {remark}")
        return
    console.say(f"{verdict['recording']}{labelled}")
    rows = [
        [str(number), item["class"], f"{item['probability']:.3f}"]
        for number, item in enumerate(verdict["windows"])
    ]
    console.say_table([f"window of {verdict['window_length']}", "class", "probability"], rows)
    for remark in remarks:
        console.say(remark)
    console.say(f"whole: {whole}\n")
