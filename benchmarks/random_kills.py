"""Commands that are killed at random moments, begun again, and compared with undisturbed ones.

Each trial starts a command, ends it at one or two seeded moments by SIGKILL and SIGTERM in turn,
and starts it again as the README says (training with --resume). Then the result must be that of a
run that nothing disturbed: the same bytes of data sets, weights, answers, points and tables, and
the same values in cards, reports and curves but for rates and durations. Nothing may be left beside
it: no partial, older or dropped folder, and no process of any of the runs.

    python benchmarks/random_kills.py [KILLS] [SEED] [FOLDER]
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

KILLS = 100
RECIPE = """
schema = 1
name = "tiny"
about = "Examples for a few seconds of work."
seed = 7
source.modulations = ["BPSK", "16QAM", "GMSK"]
source.symbols_per_example = 256
source.samples_per_symbol = 2
source.channel.snr = "0:10:10"
image.size = 32
splits = { train = 300, validation = 20, test = 20 }
"""
PINNED = "--precision float32 --compile off --device cpu"
COMMANDS = {
    "synth": "synth --recipe tiny.toml --workers 2 --out OUT",
    "import": "import arrays.npz --out OUT",
    "pretrain": f"pretrain --data data --preset tiny --epochs 4 {PINNED} --out OUT",
    "finetune": f"finetune --data data --network cnn --epochs 6 {PINNED} --out OUT",
    "curve": "curve --data data --methods histogram,cumulants --labels-per-class 1,2,5 --out OUT",
    "eval-snr": "eval-snr --data data --model model --no-cost --no-open-set --device cpu --out OUT",
}
RESUMED = ("pretrain", "finetune")  # by --resume; the others by the same command
ENDED = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (143,)}
CHANGING = {"images_per_second", "waiting_share", "command", "versions"}  # keys of JSON
UNREAD = {".png", ".svg", ".html"}
UNDISTURBED = "undisturbed-run"
MARK = "RANDOM_KILLS_TRIAL"
_PATIENCE_S = 10.0


@dataclass(slots=True)
class Tally:
    """What became of the trials of a command."""

    kills: int = 0
    late: int = 0  # the command had ended before
    trials: int = 0
    continued: int = 0  # begun again without an error
    equal: int = 0
    left: int = 0
    faults: tuple[str, ...] = ()


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    home = Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp()).resolve()
    home.mkdir(exist_ok=True)
    make_inputs(home)
    wanted: dict[str, Any] = {}
    seconds = {}
    for name in COMMANDS:
        before = time.perf_counter()
        assert run(home, name, UNDISTURBED).returncode == 0, name
        seconds[name] = time.perf_counter() - before
        wanted[name] = contents(home / UNDISTURBED)
        shutil.rmtree(home / UNDISTURBED)
    tallies = {name: Tally() for name in COMMANDS}
    number = 0
    while sum(tally.kills for tally in tallies.values()) < kills:
        name = list(COMMANDS)[number % len(COMMANDS)]
        try_out(home, name, number, seconds[name], wanted[name], tallies[name], rng)
        number += 1
    print(table(tallies))
    for name, tally in tallies.items():
        for fault in tally.faults:
            print(f"{name}: {fault}")
    sys.exit(any(tally.faults for tally in tallies.values()))


def make_inputs(home: Path) -> None:
    """The data set and the model that commands read, and arrays to import."""
    (home / "tiny.toml").write_text(RECIPE)
    rng = np.random.default_rng(1)
    iq = rng.normal(size=(60_000, 64, 2)).astype(np.float32).view(np.complex64)[..., 0]
    label = np.tile(["QPSK", "BPSK"], len(iq) // 2)
    np.savez(home / "arrays.npz", iq=iq, label=label)
    for name, out in (("synth", "data"), ("finetune", "model")):
        done = run(home, name, out)
        assert done.returncode == 0, done.stderr


def words(name: str, out: str, *, again: bool = False) -> list[str]:
    """The command line of a command."""
    said = COMMANDS[name].replace("OUT", out).split()
    resumed = ["--resume"] if again and name in RESUMED else []
    return [str(Path(sys.executable).parent / "rfmae"), *said, *resumed]


def environment(mark: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", MARK: mark}


def run(home: Path, name: str, out: str, *, again: bool = False, mark: str = "") -> Any:
    """A command to its end."""
    return subprocess.run(
        words(name, out, again=again), cwd=home, env=environment(mark), capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def try_out(
    home: Path,
    name: str,
    number: int,
    seconds: float,
    wanted: dict[str, Any],
    tally: Tally,
    rng: np.random.Generator,
) -> None:
    """One trial: kills, one more run, and what it left."""
    out, mark, faults = f"trial-{number}", str(uuid4()), []
    before = {path.name for path in home.iterdir()}
    said = []
    for _ in range(int(rng.integers(1, 3))):
        kind = (signal.SIGKILL, signal.SIGTERM)[tally.kills % 2]
        moment = float(rng.uniform(0, seconds))
        said.append(f"{kind.name} after {moment:.2f} s")
        code, words_of_it = killed(home, name, out, moment, kind, mark, again=len(said) > 1)
        if code == 0:
            tally.late += 1
            break
        tally.kills += 1
        # before Python's own handlers are in place a signal ends it as any other process
        if code not in (*ENDED[kind], -kind, 130):
            faults.append(f"exit code {code}: {words_of_it[-300:]}")
        elif "Traceback" in words_of_it:
            faults.append(f"traceback: {words_of_it[-300:]}")
    tally.trials += 1
    if faults or code != 0:
        done = run(home, name, out, again=True, mark=mark)
        if done.returncode:
            faults.append(f"not begun again: {done.stderr[-300:]}")
        else:
            tally.continued += 1
    else:
        tally.continued += 1
    if (home / out).is_dir() and not (differing := differences(contents(home / out), wanted)):
        tally.equal += 1
    else:
        faults.append(f"other results: {differing[:3] if (home / out).is_dir() else 'none'}")
    left = sorted({path.name for path in home.iterdir()} - before - {out})
    left += [str(path) for path in (home / out).rglob(".*")]
    if left or (processes := still_running(mark)):
        tally.left += 1
        faults.append(f"left: {left or processes}")
    tally.faults += tuple(f"{', '.join(said)}: {fault}" for fault in faults)
    for path in home.glob(f"*{out}*"):
        shutil.rmtree(path)


def killed(
    home: Path, name: str, out: str, moment: float, kind: signal.Signals, mark: str, *, again: bool
) -> tuple[int, str]:
    """The exit code and the words of a command that gets a signal after some seconds."""
    process = subprocess.Popen(
        words(name, out, again=again), cwd=home, env=environment(mark),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        process.send_signal(kind)
        _, said = process.communicate()
    if kind == signal.SIGKILL:  # its workers notice a moment later
        still_running(mark)
    return process.returncode, said


def still_running(mark: str) -> list[str]:
    """Processes of a trial that outlive it by ten seconds."""
    until = time.monotonic() + _PATIENCE_S
    while found := _marked(mark):
        if time.monotonic() > until:
            return found
        time.sleep(0.1)
    return []


def _marked(mark: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(f"{place.name} {(place / 'cmdline').read_bytes()[:80]!r}")
        except OSError:
            continue
    return found


def contents(folder: Path) -> dict[str, Any]:
    """What a result says, by file: JSON without what every run changes, bytes by their hash."""
    return {
        str(path.relative_to(folder)): _content(path, folder.name)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in UNREAD
    }


def _content(path: Path, name: str) -> Any:
    if path.suffix == ".json":
        return _lasting(json.loads(path.read_text()), name)
    if path.suffix == ".jsonl":
        return [_lasting(json.loads(line), name) for line in path.read_text().splitlines()]
    if path.suffix == ".pt":
        import torch

        return _hashed(torch.load(path, weights_only=True))
    return hashlib.sha256(path.read_bytes().replace(name.encode(), b"OUT")).hexdigest()


def _lasting(plain: Any, name: str) -> Any:
    if isinstance(plain, dict):
        return {key: _lasting(item, name) for key, item in plain.items() if key not in CHANGING}
    if isinstance(plain, list):
        return [_lasting(item, name) for item in plain]
    return plain.replace(name, "OUT") if isinstance(plain, str) else plain


def _hashed(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _hashed(item) for key, item in state.items() if key not in ("rate", "waiting")}
    if hasattr(state, "numpy"):
        return hashlib.sha256(state.contiguous().numpy().tobytes()).hexdigest()
    return state if isinstance(state, int | str) else repr(type(state))


def differences(found: Any, wanted: Any, where: str = "") -> list[str]:
    """The places at which two results differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return [
            place
            for key in {**found, **wanted}
            for place in differences(found.get(key), wanted.get(key), f"{where}/{key}")
        ]
    return [] if found == wanted else [where]


def table(tallies: dict[str, Tally]) -> str:
    """A Markdown table of what became of the trials."""
    heads = ("command", "kills", "too late", "results", "went on", "equal", "left something")
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    sums: Counter[str] = Counter()
    for name, item in tallies.items():
        numbers = {
            "kills": item.kills, "late": item.late, "trials": item.trials,
            "continued": item.continued, "equal": item.equal, "left": item.left,
        }  # fmt: skip
        sums.update(numbers)
        lines.append(f"| `{name}` | {' | '.join(map(str, numbers.values()))} |")
    lines.append(f"| all | {' | '.join(str(sums[key]) for key in numbers)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
