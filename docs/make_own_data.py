"""Fill docs/own-data.md with what docs/own_data_study.py measured: python docs/make_own_data.py"""

import json
from pathlib import Path
from typing import Any

from pages import filled, with_student

HERE = Path(__file__).parent
PAGE = HERE / "own-data.md"

LABELS = (5, 20, 100)


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {name: _table(ways) for name, ways in found.items()}


def _table(ways: dict[str, dict[str, list[float]]]) -> str:
    heads = " | ".join(f"{count} labels" for count in LABELS)
    rows = [f"| pre-training | {heads} |", f"| :--- |{' ---: |' * len(LABELS)}"]
    for words, seeds in ways.items():
        if not seeds:
            continue
        columns = zip(*seeds.values(), strict=True)
        cells = " | ".join(with_student(values) for values in columns)
        rows.append(f"| {words.replace('-', '−') if 'noise added' in words else words} | {cells} |")
    return "\n".join(rows)


def main() -> None:
    """Fill the page."""
    found = json.loads((HERE / "own-data.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
