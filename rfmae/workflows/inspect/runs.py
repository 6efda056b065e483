"""A training run for inspection: its card, progress and metrics."""

from dataclasses import dataclass
from pathlib import Path

from rfmae.artefacts import Card, read_card
from rfmae.reporting.curve_measures import Quantity, last_metrics, quantities_of

_KIND = "run"  # of rfmae.training.run_folder, which brings torch


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A snapshot of a run folder, which may still be running."""

    card: Card
    quantities: tuple[Quantity, ...]  # none before the first metrics
    steps_done: int  # of the newest checkpoint
    best_step: int  # of the best checkpoint, zero before the first

    @property
    def facts(self) -> Card:
        """The card, the steps and the last metrics, as plain JSON."""
        best = f"{self.best_step:07d}" if self.best_step else None
        facts = {**self.card, "steps_done": self.steps_done, "best_checkpoint": best}
        if not self.quantities:
            facts["notes"] = ["no metrics yet: the run has just started"]
        return {**facts, "last_figures": last_metrics(self.quantities)}


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a training run."""
    try:
        card = read_card(path) if path.is_dir() else None
    except OSError:  # an invalid name for the system
        return False
    return card is not None and card.get("kind") == _KIND


def see_run(path: Path) -> RunSeen:
    """The state of a training run from its folder."""
    from rfmae.training.run_folder import RunFolder  # imports torch, and is rarely needed

    run = RunFolder(path)
    best = run.best_so_far  # where an average is the best checkpoint, its origin
    return RunSeen(
        card=read_card(path) or {},
        quantities=quantities_of(run.metrics()),
        steps_done=run.last_step,
        best_step=best.step if best else 0,
    )
