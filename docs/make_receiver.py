"""Fill docs/receiver.md with what docs/receiver_study.py measured: python docs/make_receiver.py"""

import json
from pathlib import Path
from typing import Any

from pages import filled

HERE = Path(__file__).parent
PAGE = HERE / "receiver.md"


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {"setting": _setting(found), **{name: _table(found, name) for name in found["cells"]}}


def _setting(found: dict[str, Any]) -> str:
    cells = [
        cell
        for lengths in found["cells"].values()
        for roll_offs in lengths.values()
        for snrs in roll_offs.values()
        for cell in snrs.values()
    ]
    wrong, count = sum(cell["wrong"] for cell in cells), found["trials"] * len(cells)
    least = sum(cell["right"] for cell in _at(found, "-10"))
    return (
        f"Each cell is {found['trials']} signals of {found['samples_per_symbol']:.3f} samples a "
        f"symbol, with a carrier of up to ±0.02 cycles a sample. Of all {count:,} signals {wrong} "
        f"locked at a wrong symbol rate; at −10 dB the rate was found in {least:,} of "
        f"{found['trials'] * len(_at(found, '-10')):,}."
    )


def _at(found: dict[str, Any], snr_db: str) -> list[dict[str, float]]:
    return [
        snrs[snr_db]
        for lengths in found["cells"].values()
        for roll_offs in lengths.values()
        for snrs in roll_offs.values()
    ]


def _table(found: dict[str, Any], name: str) -> str:
    lengths, trials = found["cells"][name], found["trials"]
    points = list(next(iter(next(iter(lengths.values())).values())))
    heads = " | ".join(f"{point} dB".replace("-", "−") for point in points)
    rows = [f"| symbols | roll-off | {heads} |", "| --- " * (2 + len(points)) + "|"]
    for length, roll_offs in lengths.items():
        for roll_off, snrs in roll_offs.items():
            said = [
                f"{100 * cell['right'] / trials:.0f} / {100 * cell['locked'] / trials:.0f}"
                for cell in snrs.values()
            ]
            rows.append(f"| {int(length):,} | {roll_off} | {' | '.join(said)} |")
    return "\n".join(rows)


def main() -> None:
    """Fill the page."""
    found = json.loads((HERE / "receiver.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
