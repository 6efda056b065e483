"""Fill docs/recordings.md with what was measured: python docs/make_recordings.py"""

import json
import sys
from pathlib import Path
from typing import Any

from pages import filled

HERE = Path(__file__).parent
PAGE = HERE / "recordings.md"
sys.path.append(str(HERE.parent / "benchmarks"))  # the tables are those that the benchmark prints

import recording_tables  # noqa: E402

from rfmae.bursts.network import CARD, SHIPPED  # noqa: E402

DENOISING = HERE / "burst-denoising.json"


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {
        "setting": _setting(found),
        **_card_parts(json.loads((SHIPPED / CARD).read_text(encoding="utf-8"))),
        "denoising": _denoising(json.loads(DENOISING.read_text(encoding="utf-8"))),
        "overview": recording_tables.overview(found),
        **{origin: recording_tables.by_class(cells) for origin, cells in found["origins"].items()},
        "estimates": recording_tables.estimates(found),
        "novelty": recording_tables.unknowns(found),
        "real": recording_tables.real(found),
    }


def _card_parts(card: dict[str, Any]) -> dict[str, str]:
    """What the card of the classifier says of it."""
    measured = card["measured"]
    size = sum(path.stat().st_size for path in SHIPPED.iterdir())
    by_kind = measured["false_acceptance by kind"]
    held_out = card["recipe"]["validation"]["held_out"]
    kinds = ", ".join(f"{kind} {_percent(by_kind[kind])}" for kind in held_out)
    return {
        "card": (
            f"{card['trained_on']:,} bursts of training, {card['validated_on']:,} of validation; "
            f"{size / 1e6:.1f} MB; logits are divided by a temperature of "
            f"{card['temperature']:.2f}."
        ),
        "snr": _shares_table("SNR", measured["accuracy"]),
        "classes": _shares_table("class", measured["accuracy from 10 dB on"]),
        "outliers": (
            f"of them {_percent(measured['false_acceptance'])} % are accepted ({kinds}), of the "
            f"classes' own bursts above 5 dB {_percent(measured['false_rejection above 5 dB'])} % "
            f"are rejected; AUROC {measured['auroc']:.3f}."
        ),
    }


def _shares_table(head: str, shares: dict[str, dict[str, float]]) -> str:
    rows = [
        f"| {name} | {_percent(row['right'])} | {_percent(row['wrong'])} | "
        f"{_percent(row['unknown'])} | {_percent(row['best_is_right'])} |"
        for name, row in shares.items()
    ]
    heads = f"| {head} | right | wrong | unknown | right, were none unknown |"
    return "\n".join([heads, "| --- | --- | --- | --- | --- |", *rows])


def _denoising(found: dict[str, Any]) -> str:
    rows = []
    for row in found["rows"]:
        labels = "all" if row["labels"] is None else row["labels"]
        before, after = (sum(row[name]) / len(row[name]) for name in ("random", "denoising"))
        rows.append(
            f"| {labels} | {100 * before:.1f} | {100 * after:.1f} | {100 * (after - before):+.1f} |"
        )
    heads = "| labels of each class | random weights | pre-trained | difference |"
    return "\n".join([heads, "| --- | --- | --- | --- |", *rows])


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _setting(found: dict[str, Any]) -> str:
    cells = [
        cell
        for classes in found["origins"].values()
        for points in classes.values()
        for cell in points.values()
    ]
    count, least = sum(cell["count"] for cell in cells), min(cell["count"] for cell in cells)
    return (
        f"{count:,} recordings, {least} or more of each class and SNR. In all of them "
        f"{sum(cell['further'] for cell in cells):,} bursts were seen where nothing was sent."
    )


def main() -> None:
    """Fill the page."""
    found = json.loads((HERE / "recordings.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
