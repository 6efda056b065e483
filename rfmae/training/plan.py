"""The training plan: steps, batch size, learning rate and regularisation."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from rfmae.configuration.training import Running
from rfmae.errors import TrainingError

# these change when or where a run computes and writes, or are known otherwise, not its result
_NOT_IDENTITY = (
    "precision",
    "accumulate",
    "keep_last",
    "save_every_seconds",
    "compile",
    "shard_weights",
)
_POSITIVE = ("steps", "batch_size", "learning_rate", "log_every", "keep_last", "save_every_seconds")


@dataclass(frozen=True, slots=True)
class TrainingPlan(Running):
    """The settings of training: AdamW under a cosine with warm-up, gradients clipped.

    A batch is of the whole run: its examples are divided among the processes, and within each
    among `accumulate` pieces whose gradients are summed before the weights move.
    """

    steps: int
    batch_size: int  # of all processes and pieces together; no more than there are examples
    learning_rate: float
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    warmup_share: float = 0.05  # of all steps
    layer_decay: float = 1.0  # learning rate of an encoder block over that of the block above it
    seed: int = 0
    log_every: int = 10  # steps; processes synchronise on a stop as often
    keep_last: int = 2  # checkpoints, beside the best
    save_every_seconds: float = 600.0  # the longest time between checkpoints

    def __post_init__(self) -> None:
        Running.__post_init__(self)
        for name in _POSITIVE:
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.layer_decay <= 1:
            raise TrainingError(f"layer_decay must be in (0, 1], got {self.layer_decay}")

    @property
    def warmup_steps(self) -> int:
        return max(1, round(self.steps * self.warmup_share))

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that a resumed run must share with its start."""
        return {key: value for key, value in asdict(self).items() if key not in _NOT_IDENTITY}

    def logs_after(self, step: int) -> bool:
        """Whether metrics are logged after `step` steps."""
        return step == 1 or step % self.log_every == 0 or step == self.steps

    def validates_after(self, step: int) -> bool:
        """Whether to validate and save after `step` steps."""
        every = max(1, self.steps // self.validations)
        return step == self.steps or (step % every == 0 and self.steps - step >= every)

    def gives_up_after(self, step: int, best_step: int | None) -> bool:
        """Whether patience ends with the validation after `step` steps."""
        if self.patience is None or best_step is None or not self.validates_after(step):
            return False
        since = sum(self.validates_after(later) for later in range(best_step + 1, step + 1))
        return since >= self.patience

    def microbatches(self, rank: int, world: int) -> list[slice]:
        """Rows of the batch of each step that a process takes, one slice for each micro-step."""
        size, rest = divmod(self.batch_size, world * self.accumulate)
        if rest or not size:
            raise TrainingError(
                f"the batch of all processes must divide into {world} processes × "
                f"{self.accumulate} accumulated pieces, got {self.batch_size}"
            )
        starts = [(turn * world + rank) * size for turn in range(self.accumulate)]
        return [slice(start, start + size) for start in starts]
