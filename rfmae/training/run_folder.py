"""The run folder: configuration, metrics and checkpoints, and the state that resumes a run.

The number of steps is the name of the checkpoint, and random draws are addressed, so weights,
optimiser, averages and metrics are all the state there is. As everything is whole, any number of
processes can resume it.
"""

import json
import pickle
import shutil
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import torch
from torch import Tensor, nn

from rfmae.artefacts import (
    CARD_NAME,
    Card,
    disk_errors,
    locked,
    read_card,
    refuse_occupied,
    versions,
    write_json,
)
from rfmae.configuration.files import CARD_KEY
from rfmae.errors import ArtefactError, CheckpointError, TrainingError, first_line
from rfmae.models.checkpoint import (
    BEST_NAME,
    TRAINING_NAME,
    load_checkpoint,
    named_checkpoint,
    save_checkpoint,
)
from rfmae.plain import parse, value
from rfmae.training.metrics import MetricAccumulator
from rfmae.training.optimiser import WeightAverage, named_state, set_named_state
from rfmae.training.parallel import as_sharded, load_whole_weights, whole, whole_weights


class Best(NamedTuple):
    """The best validation score so far and the checkpoint that has it."""

    score: float
    checkpoint: str  # named by its step

    @property
    def step(self) -> int:
        return int(self.checkpoint)


class Saved(NamedTuple):
    """A loaded checkpoint with its training state."""

    weights: dict[str, Tensor]  # for inference: averaged where the run averages
    training: dict[str, Any]
    best: Best | None


KIND = "run"
_DROPPED = "dropped"  # ending of a checkpoint that is being removed


class _RunCard(TypedDict):
    config: dict[str, Any]
    numerics: dict[str, Any]


class _BestCard(TypedDict):
    best: tuple[float, str] | None


class RunFolder:
    """One training run on disk; stopped at any moment, it can be resumed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held = ExitStack()
        self._is_held = False

    def hold(self) -> None:
        """Keep the folder, once it exists, for this process alone until it is released.

        Raises `ArtefactError` where another process trains in it.
        """
        with disk_errors(self.path):
            is_there = self.path.is_dir()
        if is_there and not self._is_held:
            busy = f"another process is training in {self.path}; wait for it or name another --out"
            self._held.enter_context(locked(self.path, busy))
            self._is_held = True

    def release(self) -> None:
        """Let others train in the folder."""
        self._held.close()
        self._is_held = False

    @property
    def checkpoints(self) -> list[Path]:
        """Complete checkpoints, oldest first."""
        found = (self.path / "checkpoints").glob("[0-9]*")
        return sorted(folder for folder in found if (folder / CARD_NAME).is_file())

    @property
    def last_step(self) -> int:
        """The step of the newest checkpoint, zero before the first."""
        return int(self.checkpoints[-1].name) if self.checkpoints else 0

    @property
    def best(self) -> Path | None:
        """The checkpoint that did best on validation."""
        try:
            return named_checkpoint(self.path)
        except CheckpointError:
            return None

    @property
    def best_checkpoint(self) -> Path:
        """The best checkpoint of a run that has ended."""
        best = self.best
        if best is None:
            raise TrainingError(f"{self.path} names no best checkpoint; remove it and start again")
        return best

    @property
    def best_so_far(self) -> Best | None:
        """The best score at the newest checkpoint, which is never behind `best.json`."""
        if not self.checkpoints:
            return None
        newest = self.checkpoints[-1]
        known = value(_BestCard, read_card(newest), f"the card of {newest}")["best"]
        return None if known is None else Best(*known)

    @property
    def numerics(self) -> Card | None:
        """The numerics that the run was started with, if it was."""
        card = read_card(self.path)
        if card is None:
            return None
        found: Card = value(_RunCard, card, f"the card of {self.path}")["numerics"]
        return found

    def steps_done(self, config: Card, *, resume: bool) -> int:
        """How many steps a run of this configuration has done; a new one has done none.

        An existing run is refused without `resume`, and a run of another configuration always.
        Incomplete files of a killed run are removed.
        """
        known = read_card(self.path)
        if known is None:
            refuse_occupied(self.path)
            return 0
        if known.get("kind") != KIND:
            raise TrainingError(f"{self.path} holds a {known.get('kind')}, not a run; name another")
        if not resume:
            raise TrainingError(
                f"the run {self.path} exists; add --resume to go on with it or name another --out"
            )
        known = value(_RunCard, known, f"the card of {self.path}")
        difference = _difference(known["config"], json.loads(json.dumps(config)))
        if difference:
            raise TrainingError(f"cannot resume {self.path}: {difference}; name another --out")
        self._sweep()
        return self.last_step

    def start(
        self, config: Card, numerics: Card, processes: int, settings: Card | None = None
    ) -> None:
        """Write the card of a new run; a resumed one has its own."""
        if read_card(self.path) is not None:
            return
        card = {
            "kind": KIND,
            "config": config,
            CARD_KEY: settings or {},
            "numerics": numerics,
            "processes": processes,  # at its start; any number may resume it
            "versions": versions(),
        }
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.path / CARD_NAME, card)
        self.hold()

    def log(self, step: int, metrics: dict[str, float]) -> None:
        """Append one line of metrics."""
        with disk_errors(self._metrics), self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **metrics}) + "\n")

    def metrics(self) -> list[dict[str, float]]:
        """All lines of metrics so far, without an incomplete last one.

        Raises `ArtefactError` where any other line is damaged.
        """
        if not self._metrics.is_file():
            return []
        found: list[dict[str, float]] = []
        lines = self._metrics.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            where = f"line {number} of {self._metrics}"
            try:
                plain = parse(line)
                said = value(dict[str, float], plain, where)
                step = value(int, plain.get("step"), f"{where}.step")
                if not 0 <= step < 1 << 63:
                    raise ArtefactError(f"{where} states no step")
                found.append({**said, "step": step})
            except (ValueError, ArtefactError) as error:
                if number == len(lines):
                    break
                raise ArtefactError(f"{where} is damaged ({error}); remove the line") from error
        return found

    def checkpoint_name(self, step: int) -> str:
        """The folder name of the checkpoint after `step` steps."""
        return f"{step:07d}"

    def save(
        self,
        step: int,
        weights: dict[str, Tensor],
        card: Card,
        training: dict[str, Any],
        best: Best | None,
        keep_last: int,
    ) -> None:
        """Write a checkpoint to resume from; all but the newest and the best are removed."""
        folder = self.path / "checkpoints" / self.checkpoint_name(step)
        named = None if best is None else list(best)
        save_checkpoint(weights, {**card, "best": named}, folder, training)
        self._name_best()
        for old in self.checkpoints[:-keep_last]:
            if old != self.best:
                _drop(old)

    def load_last(self) -> Saved:
        """The newest checkpoint, on the CPU."""
        folder = self.checkpoints[-1]
        weights, path = load_checkpoint(folder).weights, folder / TRAINING_NAME
        try:
            training = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(
                f"{path} cannot be read ({first_line(error)}); "
                f"remove {folder} to go on from the checkpoint before it"
            ) from error
        return Saved(weights, training, self.best_so_far)

    def _name_best(self) -> None:
        best = self.best_so_far
        if best is not None:
            write_json(self.path / BEST_NAME, {"checkpoint": best.checkpoint, "score": best.score})

    @property
    def _metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    def _sweep(self) -> None:
        """Remove what a killed run left: incomplete checkpoints, metrics past the last one."""
        for ending in ("partial-*", _DROPPED):
            for scratch in (self.path / "checkpoints").glob(f".*.{ending}"):
                shutil.rmtree(scratch)
        self._name_best()
        if not self._metrics.is_file():
            return
        kept = [line for line in self.metrics() if line["step"] <= self.last_step]
        beside = self._metrics.with_suffix(".partial")
        beside.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        beside.replace(self._metrics)


def _drop(folder: Path) -> None:
    """Remove a checkpoint so that an incomplete one is never taken for a whole."""
    dropped = folder.with_name(f".{folder.name}.{_DROPPED}")
    folder.replace(dropped)
    shutil.rmtree(dropped)


def _difference(known: Card, current: Card, where: str = "") -> str:
    """The first setting in which two configurations differ, in words."""
    for key in {**known, **current}:
        before, now = known.get(key), current.get(key)
        if isinstance(before, dict) and isinstance(now, dict):
            inner = _difference(before, now, f"{where}{key}.")
            if inner:
                return inner
        elif before != now:
            return f"{where}{key} was {before!r} and is now {now!r}"
    return ""


# state -----------------------------------------------------------------------------------------


def whole_state(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage | None,
    accumulator: MetricAccumulator,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights for inference and the state to resume from; a collective call of all processes."""
    training: dict[str, Any] = {"tally": accumulator.state(), "optimiser": {}}
    for name, state in named_state(network, optimiser).items():
        training["optimiser"][name] = {key: whole(value) for key, value in state.items()}
    if average is not None:
        training["weights"] = whole_weights(network)
    with nullcontext() if average is None else average.in_place():
        return whole_weights(network), training


def restore(
    saved: Saved,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage | None,
    accumulator: MetricAccumulator,
) -> None:
    """Restore what `whole_state` returned."""
    load_whole_weights(network, saved.training.get("weights", saved.weights))
    if average is not None:
        for name, value in average.averages.items():
            value.copy_(as_sharded(saved.weights[name], value))
    weights = dict(network.named_parameters())
    optimiser_state = {
        name: {key: _as_held(value, weights[name]) for key, value in state.items()}
        for name, state in saved.training["optimiser"].items()
    }
    set_named_state(network, optimiser, optimiser_state)
    accumulator.set_state(saved.training["tally"])


def _as_held(value: Tensor, weight: Tensor) -> Tensor:
    """Part of an optimiser's state as its weight is stored; a count of steps is never sharded."""
    if value.shape == weight.shape:
        return as_sharded(value, weight)
    return value.to(weight.device)
