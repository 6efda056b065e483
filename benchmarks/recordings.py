"""What is said of recordings that nobody of this project made, against what is true of them.

    python benchmarks/peer_recordings.py --out DIR
    python benchmarks/recordings.py DIR --out docs/recordings.json

asks `identify(iq, sample_rate_hz)` about every recording of DIR and of the folder of real ones.
`--identify package.module:function` names another function; `--only ORIGIN` asks about one origin
and keeps the answers about the others that were given before (they are kept in `DIR/answers`), so
that several can run at once. `--per-class N` takes the first N of each class and SNR.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import recording_tables
from peer_recordings import ORIGINS, read
from peers.bursts import PeerRecording
from real_recordings import HOME, Identify, real_rows
from recording_scores import Row, score, summary

from rfmae.user_code import imported

IDENTIFY = "rfmae.bursts:identify"
REAL = "real"


def score_file(path: Path, identify: Identify, per_class: int | None) -> list[Row]:
    """A row of each recording of a file."""
    return [
        score(sent, identify(sent.iq, sent.sample_rate_hz).bursts)
        for sent in first_of_each(read(path), per_class)
    ]


def first_of_each(sent: Iterator[PeerRecording], per_class: int | None) -> Iterator[PeerRecording]:
    """The first recordings of each SNR; None takes all."""
    taken: dict[float, int] = {}
    for item in sent:
        taken[item.snr_db] = taken.get(item.snr_db, 0) + 1
        if per_class is None or taken[item.snr_db] <= per_class:
            yield item


def measure(
    folder: Path, identify: Identify, origins: Sequence[str], per_class: int | None
) -> None:
    """Answers about the origins, each class in a file as soon as it is done."""
    for origin in origins:
        for path in sorted((folder / origin).glob("*.npz")):
            rows = [dataclasses.asdict(row) for row in score_file(path, identify, per_class)]
            _write(folder / "answers" / origin / f"{path.stem}.json", rows)
            right = sum(row["outcome"] == "right" for row in rows)
            print(f"{origin} {path.stem}: {right} of {len(rows)} right", flush=True)


def gathered(folder: Path) -> dict[str, Any]:
    """The summary of all answers that there are."""
    rows: dict[str, list[Row]] = {}
    for origin in ORIGINS:
        paths = sorted((folder / "answers" / origin).glob("*.json"))
        found = [Row(**row) for path in paths for row in json.loads(path.read_text("utf-8"))]
        if found:
            rows[origin] = found
    said = folder / "answers" / f"{REAL}.json"
    real = json.loads(said.read_text("utf-8")) if said.is_file() else []
    return {**summary(rows), REAL: real}


def printed(found: dict[str, Any]) -> str:
    """All tables."""
    parts = [recording_tables.overview(found)]
    for origin, cells in found["origins"].items():
        parts.append(f"{origin}\n\n{recording_tables.by_class(cells)}")
    parts.append(recording_tables.estimates(found))
    parts += [recording_tables.unknowns(found)] if "novelty" in found else []
    parts += [recording_tables.real(found)] if found[REAL] else []
    return "\n\n".join(parts)


def _write(path: Path, found: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path, help="what peer_recordings.py wrote")
    parser.add_argument("--out", type=Path, help="the summary as JSON")
    parser.add_argument("--only", action="append", choices=[*ORIGINS, REAL], default=[])
    parser.add_argument("--per-class", type=int, help="recordings of each class and SNR")
    parser.add_argument("--identify", default=IDENTIFY, help="package.module:function")
    options = parser.parse_args()
    if not options.folder.is_dir():
        raise SystemExit(f"no folder {options.folder}; peer_recordings.py --out makes it")
    identify = imported(options.identify)
    wanted = options.only or [*ORIGINS, REAL]
    peers = [name for name in wanted if name != REAL]
    measure(options.folder, identify, peers, options.per_class)
    if REAL in wanted and HOME.is_dir():
        _write(options.folder / "answers" / f"{REAL}.json", list(real_rows(identify)))
    found = gathered(options.folder)
    if options.out:
        _write(options.out, found)
    print(printed(found))


if __name__ == "__main__":
    main()
