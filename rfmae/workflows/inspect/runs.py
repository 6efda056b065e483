"""A training run as something to be looked at: what it is, how far it went, its figures."""

from dataclasses import dataclass
from pathlib import Path

from rfmae.artefacts import Card, read_card
from rfmae.reporting.curve_measures import Quantity, last_figures, quantities_of

_KIND = "run"  # of rfmae.training.run_folder, which brings torch


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run folder at the moment it was looked at; a run under way has more a moment later."""

    card: Card
    quantities: tuple[Quantity, ...]  # none before the first figures
    steps_done: int  # of the newest checkpoint
    best_step: int  # of the best checkpoint, zero before the first

    @property
    def facts(self) -> Card:
        """The card, the steps and the last figures, as plain JSON."""
        best = f"{self.best_step:07d}" if self.best_step else None
        facts = {**self.card, "steps_done": self.steps_done, "best_checkpoint": best}
        if not self.quantities:
            facts["notes"] = ["no figures yet: the run has just started"]
        return {**facts, "last_figures": last_figures(self.quantities)}


def is_run(path: Path) -> bool:
    """Whether the folder of a training run lies there."""
    try:
        card = read_card(path) if path.is_dir() else None
    except OSError:  # a name that the system cannot even be asked for
        return False
    return card is not None and card.get("kind") == _KIND


def see_run(path: Path) -> RunSeen:
    """Everything that a run folder tells of the training."""
    from rfmae.training.run_folder import RunFolder  # brings torch, and is rarely needed

    run = RunFolder(path)
    best = run.best_so_far  # where an average is the best checkpoint, what it was made of
    return RunSeen(
        card=read_card(path) or {},
        quantities=quantities_of(run.metrics()),
        steps_done=run.last_step,
        best_step=best.step if best else 0,
    )
