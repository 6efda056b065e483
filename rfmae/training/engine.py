"""The training loop, shared by pre-training and fine-tuning."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from rfmae.artefacts import Card
from rfmae.errors import TrainingError
from rfmae.progress import Progress, Stage
from rfmae.training.run_folder import Best, RunFolder
from rfmae.training.schedule import (
    ORDER,
    Precision,
    addressed_generator,
    autocast,
    best_precision,
    cosine_with_warmup,
)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How long and how fast: AdamW under a cosine with warm-up, gradients clipped."""

    steps: int
    batch_size: int  # no more than there are examples
    learning_rate: float
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    warmup_share: float = 0.05  # of all steps
    gradient_clip: float = 1.0
    seed: int = 0
    validations: int = 8  # so often, evenly, the network is validated and saved
    log_every: int = 10

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "learning_rate", "validations", "log_every"):
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingError(f"{name} must be positive, got {getattr(self, name)}")

    @property
    def warmup_steps(self) -> int:
        return max(1, round(self.steps * self.warmup_share))

    def logs_after(self, step: int) -> bool:
        """Whether the figures of a step are logged, counting steps from one."""
        return step == 1 or step % self.log_every == 0 or step == self.steps

    def validates_after(self, step: int) -> bool:
        """Whether `step` steps done are one of the moments to validate and save."""
        every = max(1, self.steps // self.validations)
        return step == self.steps or (step % every == 0 and self.steps - step >= every)


class Task(Protocol):
    """What is trained: a network, its loss on a batch, its score on validation."""

    examples: int
    score_name: str
    higher_is_better: bool

    @property
    def network(self) -> nn.Module: ...

    def losses(self, rows: Tensor, step: int) -> dict[str, Tensor]:
        """Figures of a training batch; `loss` is the one to descend."""
        ...

    def validate(self) -> dict[str, float]:
        """Figures on the validation split, `score_name` among them."""
        ...

    def card(self) -> Card:
        """What a checkpoint of this network says of itself."""
        ...


def fit(
    make_task: Callable[[Precision], Task],
    plan: TrainingPlan,
    run: RunFolder,
    config: Card,
    *,
    device: torch.device,
    progress: Progress,
    title: str,
    resume: bool,
) -> Path:
    """Train to the end of the plan, from the start or the newest checkpoint; the best checkpoint.

    Every random draw is addressed by seed and step, so a run that was stopped and resumed takes
    the very steps of one that was not. `config` says what else makes this run what it is.
    """
    config = {**config, "plan": asdict(plan)}
    done = run.steps_done(config, resume=resume)
    if done < plan.steps:
        precision = run.precision or best_precision(device)
        task = make_task(precision)  # whatever is wrong with it shows before anything is written
        run.start(config, precision)
        with progress.stage(title, plan.steps * plan.batch_size, "images") as stage:
            _train(task, plan, run, done, device, precision, stage)
    assert run.best is not None
    return run.best


def _train(
    task: Task,
    plan: TrainingPlan,
    run: RunFolder,
    done: int,
    device: torch.device,
    precision: Precision,
    stage: Stage,
) -> None:
    """All steps that are left."""
    optimiser = _optimiser(task.network, plan)
    best: Best | None = None
    if done:
        optimiser.load_state_dict(run.load_last(task.network, device))
        best = run.best_so_far
        stage.advance(done * plan.batch_size)
    for step in range(done, plan.steps):
        started = time.perf_counter()
        figures = _step(task, plan, optimiser, step, device, precision)
        if plan.logs_after(step + 1):
            _log(figures, run, step + 1, plan.batch_size / (time.perf_counter() - started))
            stage.advance(plan.batch_size, loss=float(figures["loss"]))
        else:
            stage.advance(plan.batch_size)
        if plan.validates_after(step + 1):
            best = _validate_and_save(task, run, optimiser, step + 1, best)


def epoch_rows(step: int, examples: int, batch_size: int, seed: int) -> Tensor:
    """Row numbers of the batch of a step: shuffled epochs, the odd rest of each left out."""
    epoch, batch = divmod(step, examples // batch_size)
    order = _epoch_order(epoch, examples, seed)
    return order[batch * batch_size : (batch + 1) * batch_size]


@lru_cache(maxsize=1)
def _epoch_order(epoch: int, examples: int, seed: int) -> Tensor:
    """All rows in the order of an epoch, shuffled once for all its steps."""
    return torch.randperm(examples, generator=addressed_generator(seed, ORDER, epoch))


def _step(
    task: Task,
    plan: TrainingPlan,
    optimiser: torch.optim.Optimizer,
    step: int,
    device: torch.device,
    precision: Precision,
) -> dict[str, Tensor]:
    task.network.train()
    share = cosine_with_warmup(step, plan.steps, plan.warmup_steps)
    for group in optimiser.param_groups:
        group["lr"] = plan.learning_rate * share
    rows = epoch_rows(step, task.examples, plan.batch_size, plan.seed)
    with autocast(device, precision):
        figures = task.losses(rows, step)
    optimiser.zero_grad()
    figures["loss"].backward()
    trained = [p for p in task.network.parameters() if p.requires_grad]
    figures["gradient_norm"] = nn.utils.clip_grad_norm_(trained, plan.gradient_clip)
    optimiser.step()
    return {name: value.detach() for name, value in figures.items()}


def _optimiser(network: nn.Module, plan: TrainingPlan) -> torch.optim.Optimizer:
    """AdamW that spares biases, norms and tokens its weight decay."""
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    plain = [p for name, p in trained if p.ndim < 2 or name.endswith("_token")]
    decayed = [p for name, p in trained if not (p.ndim < 2 or name.endswith("_token"))]
    groups = [
        {"params": decayed, "weight_decay": plan.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, betas=plan.betas, fused=True)


def _log(figures: dict[str, Tensor], run: RunFolder, step: int, rate: float) -> None:
    """Log the figures of a step."""
    values = {name: float(value) for name, value in figures.items()}
    _stop_where_no_number(values["loss"], run, step)
    run.log(step, {**values, "images_per_second": round(rate, 1)})


def _stop_where_no_number(loss: float, run: RunFolder, step: int) -> None:
    if not math.isfinite(loss):
        good = run.checkpoints[-1] if run.checkpoints else "none yet"
        raise TrainingError(
            f"the loss must stay finite, got {loss} at step {step}; "
            f"lower the learning rate; last good checkpoint: {good}"
        )


def _validate_and_save(
    task: Task,
    run: RunFolder,
    optimiser: torch.optim.Optimizer,
    step: int,
    best: Best | None,
) -> Best:
    task.network.eval()
    figures = task.validate()
    _stop_where_no_number(figures["loss"], run, step)
    run.log(step, {f"validation_{name}": value for name, value in figures.items()})
    score = figures[task.score_name]
    sign = 1 if task.higher_is_better else -1
    if best is None or sign * score > sign * best.score:
        best = Best(score, run.checkpoint_name(step))
    card = {**task.card(), "step": step, "score": {task.score_name: score}}
    run.save(step, task.network, card, optimiser.state_dict(), best)
    return best
