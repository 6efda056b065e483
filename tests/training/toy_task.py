"""The smallest task that has all that a real one has, and processes that train it."""

import multiprocessing
import os
import socket
import time
from dataclasses import replace

import torch
from torch import nn

from rfmae.models.transformer import TransformerBlock
from rfmae.progress import Silent
from rfmae.training import engine
from rfmae.training.engine import fit
from rfmae.training.plan import TrainingPlan
from rfmae.training.run_folder import RunFolder
from rfmae.training.sampling import MASKS, VALIDATION, WEIGHTS, addressed_generator

CPU = torch.device("cpu")
PLAN = TrainingPlan(
    precision="float32",
    steps=24,
    batch_size=8,
    learning_rate=3e-3,
    validations=4,
    log_every=3,
    seed=5,
)
CLOCKED = ("images_per_second", "waiting_share")  # the figures that a clock decides


class ToyEncoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embed = nn.Linear(3, width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(TransformerBlock(width, 2) for _ in range(2))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        tokens = self.embed(tokens) + self.class_token
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)


class Toy(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.encoder = ToyEncoder(width)
        self.head = nn.Linear(width, 3)
        self.register_buffer("positions", torch.arange(5.0))

    def forward(self, tokens):
        return self.head(self.encoder(tokens))


class ToyTask:
    """Learns the running sums of three numbers over five tokens."""

    examples = 64
    score_name = "loss"
    higher_is_better = False

    def __init__(self, numerics, ranks, *, plan=PLAN, pause_s=0.0):
        self.network = Toy()
        generator = addressed_generator(plan.seed, WEIGHTS, 0)
        with torch.no_grad():
            for weight in self.network.parameters():
                weight.uniform_(-0.4, 0.4, generator=generator)
        self._plan, self._pause_s = plan, pause_s

    def batch(self, step, microbatch):
        time.sleep(self._pause_s)
        return self._tokens(self._plan.batch_size, MASKS, step)[microbatch]

    def losses(self, network, batch):
        off = network(batch) - batch.cumsum(dim=1)
        return {"loss": off.square().mean(), "largest": off.detach().abs().amax(dim=(1, 2)).mean()}

    def validation(self, network, ranks):
        for number, size in enumerate((8, 8, 1)):  # the last is too small for every process
            rows = slice(ranks.rank, None, ranks.world)
            tokens = self._tokens(size, VALIDATION, number)[rows]
            yield self.losses(network, tokens), len(tokens)

    def images(self, network):
        return {"toy": torch.zeros(3, 4, 4)}

    def card(self):
        return {"kind": "denomae"}

    def _tokens(self, size, purpose, step):
        return torch.randn(
            size, 5, 3, generator=addressed_generator(self._plan.seed, purpose, step)
        )


def train_toy(folder, plan=PLAN, *, resume=False, logger=None, kind=ToyTask, pause_s=0.0):
    """Train the toy in float32; the best checkpoint."""
    return fit(
        lambda numerics, ranks: kind(numerics, ranks, plan=plan, pause_s=pause_s),
        plan,
        RunFolder(folder),
        {"stage": "toy"},
        device=CPU,
        progress=Silent(),
        title="toy",
        resume=resume,
        logger=logger,
    )


def die_before(step, patch):
    """Let a run die just before it takes a step."""
    real = engine._Training._step

    def dying(training, now, *rest):
        if now == step:
            raise KeyboardInterrupt
        return real(training, now, *rest)

    patch.setattr(engine._Training, "_step", dying)


def metrics(folder):
    """All that was logged but for what a clock decides."""
    return [
        {key: value for key, value in line.items() if key not in CLOCKED}
        for line in RunFolder(folder).metrics()
    ]


def last_state(folder):
    """The newest checkpoint as it would be gone on from."""
    return RunFolder(folder).load_last()


def assert_same_state(one, other, **tolerances):
    """Weights and optimiser agree, to the bit where no tolerance is given."""
    tolerances = tolerances or {"rtol": 0.0, "atol": 0.0}
    torch.testing.assert_close(one.weights, other.weights, **tolerances)
    torch.testing.assert_close(one.training["optimiser"], other.training["optimiser"], **tolerances)


def assert_same_run(one, other):
    """Two folders hold the same steps, to the bit."""
    assert metrics(one) == metrics(other)
    assert_same_state(last_state(one), last_state(other))
    assert (one / "best.json").read_text() == (other / "best.json").read_text()


_SERVER = multiprocessing.get_context("forkserver")
# what takes long to import is imported once; torch brings the second when it first makes a step
_SERVER.set_forkserver_preload(["rfmae.training.engine", "torch._dynamo"])


def start(work, *arguments):
    """A process of one thread that does a piece of work; what it sends is its second part."""
    ours, theirs = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_report, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _report(pipe, work, arguments):
    torch.set_num_threads(1)
    try:
        pipe.send(work(*arguments))
    except BaseException as error:
        pipe.send(error)
        raise SystemExit(getattr(error, "exit_code", 1)) from None


_PATIENCE_S = 120.0


def together(world, work, *arguments):
    """What processes that torchrun would have started answer, in the order of ranks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = [start(_as_rank, rank, world, port, work, arguments) for rank in range(world)]
    answers = []
    for process, pipe in started:
        answers.append(pipe.recv() if pipe.poll(_PATIENCE_S) else TimeoutError("no answer"))
        process.join(10)
        process.kill()
    assert not any(isinstance(answer, TimeoutError) for answer in answers), answers
    return answers


def _as_rank(rank, world, port, work, arguments):
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_PORT": port}
    os.environ.update({key: str(value) for key, value in names.items()}, MASTER_ADDR="127.0.0.1")
    return work(*arguments)


def spread_toy(folder, changes, resume=False):
    """Train the toy under a changed plan; the best checkpoint."""
    return train_toy(folder, replace(PLAN, **changes), resume=resume)
