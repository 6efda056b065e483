"""Fill docs/audit.md with what docs/audit_study.py measured: python docs/make_audit.py"""

import json
from pathlib import Path
from typing import Any

from pages import filled

HERE = Path(__file__).parent
PAGE = HERE / "audit.md"

_NAMES = {
    "mean": "a constant (DC)",
    "tone": "a tone",
    "time": "energy in a sixteenth of an example",
    "sample": "one sample",
}


def parts(found: dict[str, Any]) -> dict[str, str]:
    """The parts of the page, by their names."""
    return {"least": _least(found["least"]), "alarms": _alarms(found)}


def _least(least: dict[str, dict[str, dict[str, float]]]) -> str:
    rows = ["| added to one class of ten | clean twins | without twins |", "| --- | --- | --- |"]
    for kind, cells in least.items():
        said = [
            f"{cell['planted_db']:.0f} dB (the audit says {cell['stated_db']:.0f} dB)"
            for cell in (cells["with twins"], cells["without twins"])
        ]
        rows.append(f"| {_NAMES[kind]} | {said[0]} | {said[1]} |".replace("-", "−"))
    rows[1] = "| --- | --- | --- |"
    return "\n".join(rows)


def _alarms(found: dict[str, Any]) -> str:
    sets, alarms = found["sets"], found["false_alarms"]
    return (
        f"Of {sets} clean sets with twins {alarms['with twins']} failed, and of the same {sets} as "
        f"arrays without twins {alarms['without twins']}."
    )


def main() -> None:
    """Fill the page."""
    found = json.loads((HERE / "audit.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
