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

from rfmae.artefacts import CARD_NAME  # noqa: E402
from rfmae.bursts.network import SHIPPED  # noqa: E402


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {
        "setting": _setting(found),
        **_card_parts(json.loads((SHIPPED / CARD_NAME).read_text(encoding="utf-8"))),
        "denoising": _denoising(_read("burst-denoising.json")),
        "overview": recording_tables.overview(found),
        **{origin: recording_tables.by_class(cells) for origin, cells in found["origins"].items()},
        "latency": _latency(_read("classify-latency.json")),
        "stream": _stream([_read("stream-idle.json"), _read("stream-busy.json")]),
        "estimates": recording_tables.estimates(found),
        "novelty": recording_tables.unknowns(found),
        "real": recording_tables.real(found),
    }


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


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
            f"Of them {_percent(measured['false_acceptance'])} % are accepted ({kinds}), of the "
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


def _latency(found: dict[str, Any]) -> str:
    heads = "| samples | p50, ms | p95, ms |"
    rows = [
        f"| {samples} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} |"
        for samples, row in found["in_process"].items()
    ]
    command = (
        f"The whole command, `rfmae classify` of a file of 16,384 samples with its imports, takes "
        f"{found['command_processor_seconds']:.2f} s of processor time."
    )
    return "\n".join([heads, "| --- | --- | --- |", *rows, "", command])


def _stream(runs: list[dict[str, Any]]) -> str:
    heads = "| samples | on the air | Msample/s | bursts | peak of the process, MiB |"
    rows = [
        f"| {run['samples']:,} | {100 * float(duty):g} % | {rate:.1f} | {run['bursts'][duty]:,} | "
        f"{run['peak_mib']:.0f} |"
        for run in runs
        for duty, rate in run["msamples_per_second"].items()
    ]
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
