"""The training loop, shared by pre-training and fine-tuning, on one process or many."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from signal import Signals

import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.errors import TrainingError, TrainingInterrupted
from rfmae.progress import Progress, Silent, Stage
from rfmae.training.loaders import Prefetcher, in_steps
from rfmae.training.metrics import (
    MetricAccumulator,
    MetricLogger,
    NoLogger,
    Throughput,
    first_not_finite,
    step_means,
    validation_means,
)
from rfmae.training.numerics import (
    Numerics,
    apply_precision,
    autocast,
    numerics_of,
    tune_allocator,
)
from rfmae.training.optimiser import WeightAverage, adamw, clip_gradients, set_rate
from rfmae.training.parallel import (
    all_finite,
    alone,
    compiles,
    compiling,
    parallelise,
    threads_for,
    working_with,
)
from rfmae.training.plan import TrainingPlan
from rfmae.training.processes import Ranks, StopRequest, ranks
from rfmae.training.run_folder import Best, RunFolder, restore, whole_state
from rfmae.training.task import Task

MakeTask = Callable[[Numerics, Ranks], Task]

_LOWER_THE_RATE = "lower the learning rate"
_CHECK_THE_INPUTS = "the inputs, or the weights that it begins with, are out of range"


def fit(
    make_task: MakeTask,
    plan: TrainingPlan,
    run: RunFolder,
    config: Card,
    *,
    device: torch.device,
    progress: Progress,
    title: str,
    resume: bool,
    logger: MetricLogger | None = None,
    settings: Card | None = None,
) -> Path:
    """Train to the end of the plan, from the start or the newest checkpoint; the best checkpoint.

    Every random draw is addressed by seed and step, so a run that was stopped and resumed takes
    the same steps as one that was not, and a run over several processes the same as one over one.
    `config` holds the further settings that identify the run, and its card keeps `settings` for
    another run to start from. Every process that torchrun started calls this alike; the first of
    them writes files, logs and shows progress.
    """
    logger = logger or NoLogger()
    try:
        here = ranks(device)
        progress = progress if here.is_writer else Silent()
        microbatches = plan.microbatches(here.rank, here.world)
        config = {**config, "plan": plan.identity}
        here.by_writer(run.hold)
        done = here.by_writer(lambda: run.steps_done(config, resume=resume))
        best = here.by_writer(lambda: run.best_so_far)
        if done < plan.steps and not _gives_up(plan, done, best):
            tune_allocator()
            numerics = here.by_writer(
                lambda: numerics_of(run.numerics, here.device, plan.precision)
            )
            with apply_precision(numerics), compiling(plan, here.device):
                task = make_task(numerics, here)  # before any file, as it may fail
                _check_examples(task, plan)
                numerics = _with_threads(numerics, run, task, microbatches[0], here)
                here.by_writer(lambda: run.start(config, numerics.as_card(), here.world, settings))
                progress.note(str(numerics))
                with (
                    progress.stage(title, plan.steps * plan.batch_size, "images") as stage,
                    working_with(numerics.threads),
                ):
                    _Training(task, plan, run, here, numerics, stage, logger).run_steps(
                        done, microbatches
                    )
                _note_patience(plan, run, progress)
        return here.by_writer(lambda: run.best_checkpoint)
    finally:
        run.release()
        logger.close()


def _with_threads(
    numerics: Numerics, run: RunFolder, task: Task, microbatch: slice, here: Ranks
) -> Numerics:
    """With the fastest number of threads, where a new run on one CPU measures it."""
    if run.numerics is not None or not numerics.measured:
        return numerics
    if here.device.type != "cpu" or here.world > 1 or torch.get_num_threads() < 2:
        return numerics
    batch = task.batch(0, microbatch)

    def loss() -> Tensor:
        return task.losses(task.network, batch)["loss"]

    return replace(numerics, threads=threads_for(task.network, loss, numerics.precision))


def _gives_up(plan: TrainingPlan, step: int, best: Best | None) -> bool:
    return plan.gives_up_after(step, None if best is None else best.step)


def _note_patience(plan: TrainingPlan, run: RunFolder, progress: Progress) -> None:
    if run.last_step < plan.steps:
        progress.note(
            f"stopped after step {run.last_step} of {plan.steps}: no better score in "
            f"{plan.patience} validations"
        )


def _check_examples(task: Task, plan: TrainingPlan) -> None:
    if task.examples is not None and plan.batch_size > task.examples:
        raise TrainingError(
            f"a batch must be no more than the {task.examples} training examples, "
            f"got {plan.batch_size}"
        )


class _Training:
    """The state of a training run in this process."""

    def __init__(
        self,
        task: Task,
        plan: TrainingPlan,
        run: RunFolder,
        here: Ranks,
        numerics: Numerics,
        stage: Stage,
        logger: MetricLogger,
    ) -> None:
        self.task, self.plan, self.run, self.ranks = task, plan, run, here
        self.numerics, self.stage, self.logger = numerics, stage, logger
        self.bare = task.network
        self.network = parallelise(self.bare, plan, here)
        self.optimiser = adamw(self.bare, plan)  # of the sharded weights
        self.average = None if plan.ema is None else WeightAverage(self.bare, plan.ema)
        self.trained = [w for w in self.bare.parameters() if w.requires_grad]
        self.accumulator, self.throughput = MetricAccumulator(here), Throughput()
        self.best: Best | None = None
        self.saved_at_s = time.monotonic()

    def run_steps(self, done: int, microbatches: list[slice]) -> None:
        """Take all remaining steps; stop between two of them on request."""
        if done:
            self._restore()
        self.stage.advance(done * self.plan.batch_size)
        make, count = in_steps(self.task.batch, done, self.plan.steps, microbatches)
        self.bare.train()
        patient = self.ranks.world > 1
        with (
            StopRequest(patient=patient) as stop,
            Prefetcher(make, count, self.ranks.device) as prefetcher,
        ):
            self.throughput = Throughput()
            for step in range(done, self.plan.steps):
                rate = self._step(step, prefetcher, len(microbatches))
                self._report(step + 1, rate, prefetcher)
                self._validate_or_save(step + 1, stop)
                if _gives_up(self.plan, step + 1, self.best):
                    break

    def _restore(self) -> None:
        checkpoint = self.ranks.by_writer(self.run.load_last)
        restore(checkpoint, self.bare, self.optimiser, self.average, self.accumulator)
        self.best = checkpoint.best

    def _step(self, step: int, prefetcher: Prefetcher[object], microbatches: int) -> float:
        """Update the weights once; returns the learning rate, without waiting for the device."""
        rate = set_rate(self.optimiser, self.plan, step)
        self._clear_gradients(microbatches)
        parts = [
            self._descend(prefetcher, microbatches, last=turn == microbatches - 1)
            for turn in range(microbatches)
        ]
        norm = clip_gradients(self.trained, self.plan.gradient_clip)
        self.optimiser.step()
        if self.average is not None:
            self.average.update(step + 1)
        self.accumulator.add({**step_means(parts), "gradient_norm": norm})
        self.throughput.advance(self.plan.batch_size)
        return rate

    def _clear_gradients(self, microbatches: int) -> None:
        """Gradients that are summed over pieces need memory outside of any captured graph."""
        self.optimiser.zero_grad(set_to_none=microbatches == 1)
        if microbatches > 1 and self.trained[0].grad is None:
            for weight in self.trained:
                weight.grad = torch.zeros_like(weight)

    def _descend(
        self, prefetcher: Prefetcher[object], microbatches: int, *, last: bool
    ) -> dict[str, Tensor]:
        """Forward and backward through one piece; its metrics."""
        batch = prefetcher.take()
        if self.ranks.device.type == "cuda" and compiles(self.plan, self.ranks.device):
            torch.compiler.cudagraph_mark_step_begin()
        with alone(self.network, last=last):
            with autocast(self.ranks.device, self.numerics.precision):
                metrics = self.task.losses(self.network, batch)
            (metrics["loss"] / microbatches).backward()
        return {name: value.detach() for name, value in metrics.items()}

    def _report(self, step: int, rate: float, prefetcher: Prefetcher[object]) -> None:
        """Log the means over the steps since the last log, if one is due."""
        if not self.plan.logs_after(step):
            self.stage.advance(self.plan.batch_size)
            return
        metrics = {**self._finite_means(step), "learning_rate": rate}
        self.accumulator.clear()
        metrics |= self.throughput.lap(prefetcher.waited_s())
        self._log(step, metrics)
        self.stage.advance(self.plan.batch_size, **metrics)

    def _log(self, step: int, metrics: dict[str, float]) -> None:
        if self.ranks.is_writer:
            self.run.log(step, metrics)
            self.logger.metrics(step, metrics)

    def _validate_or_save(self, step: int, stop: StopRequest) -> None:
        """Validate and save when due; on a request to stop, save and stop."""
        caught, due = self._agreed(step, stop)
        with self.throughput.pause():
            if self.plan.validates_after(step):
                score = self._validate(step)
                self._save(step, {"score": {self.task.score_name: score}})
            elif caught or due:
                self._save(step, {})
        if caught and step < self.plan.steps:
            raise TrainingInterrupted(
                f"stopped by {caught.name} after step {step}, which is saved in {self.run.path}; "
                "add --resume to go on",
                exit_code=128 + caught,
            )

    def _agreed(self, step: int, stop: StopRequest) -> tuple[Signals | None, bool]:
        """The signal to stop by, if any, and whether to save, the same in all processes.

        Several processes synchronise on it only when they log.
        """
        if self.ranks.world > 1 and not self.plan.logs_after(step):
            return None, False
        late = time.monotonic() - self.saved_at_s > self.plan.save_every_seconds
        states = self.ranks.gathered((stop.signal, late))
        return next((by for by, _ in states if by), None), states[0][1]

    def _validate(self, step: int) -> float:
        """Log the metrics of validation; returns the score, and notes the best so far."""
        with self._inference():
            metrics = validation_means(self.task.validation(self.bare, self.ranks), self.ranks)
            watched = not isinstance(self.logger, NoLogger)
            images = self.task.images(self.bare) if watched else {}
        self._stop_if_not_finite(metrics, step)
        self._log(step, {f"validation_{name}": value for name, value in metrics.items()})
        if self.ranks.is_writer and images:
            self.logger.images(step, images)
        score = metrics[self.task.score_name]
        sign = 1 if self.task.higher_is_better else -1
        if self.best is None or sign * score > sign * self.best.score:
            self.best = Best(score, self.run.checkpoint_name(step))
        return score

    @contextmanager
    def _inference(self) -> Iterator[None]:
        """The bare network in inference: with its averaged weights where there are some."""
        weights = nullcontext() if self.average is None else self.average.in_place()
        self.bare.eval()
        with weights, torch.no_grad(), autocast(self.ranks.device, self.numerics.precision):
            yield
        self.bare.train()

    def _save(self, step: int, entries: Card) -> None:
        """Write a checkpoint to resume from, unless a number in it is not finite."""
        self._finite_means(step)
        if not all(self.ranks.gathered(all_finite(self.bare))):
            self._stop("weights", "NaN or infinite ones", step)
        weights, training = whole_state(self.bare, self.optimiser, self.average, self.accumulator)
        card = {**self.task.card(), "step": step, **entries}
        keep = self.plan.keep_last
        save = self.run.save
        self.ranks.by_writer(lambda: save(step, weights, card, training, self.best, keep))
        self.saved_at_s = time.monotonic()

    def _finite_means(self, step: int) -> dict[str, float]:
        means = self.accumulator.means()
        self._stop_if_not_finite(means, step)
        return means

    def _stop_if_not_finite(self, metrics: dict[str, float], step: int) -> None:
        odd = first_not_finite(metrics)
        if odd is not None:
            # the first loss is of weights that no rate has changed yet
            remedy = _CHECK_THE_INPUTS if step <= 1 else _LOWER_THE_RATE
            self._stop(odd.replace("_", " "), str(metrics[odd]), step, remedy)

    def _stop(self, what: str, got: str, step: int, remedy: str = _LOWER_THE_RATE) -> None:
        good = self.ranks.by_writer(lambda: self.run.checkpoints)
        raise TrainingError(
            f"the {what} must stay finite, got {got} at step {step}; {remedy}; "
            f"last good checkpoint: {good[-1] if good else 'none yet'}"
        )
