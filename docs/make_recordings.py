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


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {
        "setting": _setting(found),
        "overview": recording_tables.overview(found),
        **{origin: recording_tables.by_class(cells) for origin, cells in found["origins"].items()},
        "estimates": recording_tables.estimates(found),
        "novelty": recording_tables.unknowns(found),
        "real": recording_tables.real(found),
    }


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
