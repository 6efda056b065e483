"""A network over several processes or CPU threads: replicated, sharded or compiled.

Checkpoints are independent of it: weights are saved whole, under the names of the bare network.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from rfmae.errors import TrainingError
from rfmae.models.transformer import TransformerBlock
from rfmae.training.numerics import Precision, autocast
from rfmae.training.plan import TrainingPlan
from rfmae.training.processes import Ranks

_COMPILED_SHAPES = 64
# positions are the only buffers, the same everywhere; torch has renamed this parameter
_SYNC_BUFFERS = next(
    name
    for name in ("forward_sync_buffers", "broadcast_buffers")
    if name in inspect.signature(DistributedDataParallel).parameters
)


def parallelise(network: nn.Module, plan: TrainingPlan, ranks: Ranks) -> nn.Module:
    """The network for training steps, wrapped; its weights are those of the bare one."""
    if plan.shard_weights and ranks.world > 1:
        return _sharded(network)
    stepped = compiled(network, plan, ranks.device)
    if ranks.world == 1:
        return stepped
    settings: dict[str, Any] = {_SYNC_BUFFERS: False, "gradient_as_bucket_view": True}
    if ranks.device.type == "cuda":
        settings["device_ids"] = [ranks.device]
    return DistributedDataParallel(stepped, **settings)


def compiled(network: nn.Module, plan: TrainingPlan, device: torch.device) -> nn.Module:
    """The compiled network where the plan has it; the same weights."""
    if not compiles(plan, device):
        return network
    mode = "reduce-overhead" if device.type == "cuda" else None  # that is, with CUDA graphs
    return cast(nn.Module, torch.compile(network, dynamic=False, mode=mode))


def compiles(plan: TrainingPlan, device: torch.device) -> bool:
    """Whether steps are compiled: by default on a GPU, where launching kernels takes long."""
    wanted = plan.compile == "on" or (plan.compile == "auto" and device.type == "cuda")
    return wanted and not plan.shard_weights


@contextmanager
def compiling(plan: TrainingPlan, device: torch.device) -> Iterator[None]:
    """Allow as many compiled shapes as a curriculum of mask ratios needs."""
    if not compiles(plan, device):
        yield
        return
    with torch._dynamo.config.patch(recompile_limit=_COMPILED_SHAPES):
        yield


def _sharded(network: nn.Module) -> nn.Module:
    """Every process holds a share of each block and fetches the others' while it computes."""
    for module in network.modules():
        if isinstance(module, TransformerBlock):
            fully_shard(module)
    # also the outermost, which would otherwise stay gathered after a validation
    fully_shard(network, reshard_after_forward=True)
    return network


def alone(network: nn.Module, *, last: bool) -> AbstractContextManager[Any]:
    """Keep the gradients of a micro-step to this process unless it is the last of its step."""
    if isinstance(network, FSDPModule):
        network.set_requires_gradient_sync(last)
    elif isinstance(network, DistributedDataParallel) and not last:
        return network.no_sync()
    return nullcontext()


def whole(tensor: Tensor) -> Tensor:
    """A tensor in one piece on the CPU; a collective call of all processes."""
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.detach().cpu().contiguous()


def as_sharded(tensor: Tensor, like: Tensor) -> Tensor:
    """A whole tensor as this process holds another of its shape: on its device, or its shard."""
    there = tensor.to(like.device, like.dtype)
    if isinstance(like, DTensor):
        return distribute_tensor(there, like.device_mesh, like.placements)
    return there


def whole_weights(network: nn.Module) -> dict[str, Tensor]:
    """All weights and lasting buffers of a bare network, in one piece each."""
    # a clone, as training would otherwise go on changing the tensors
    return {name: whole(value).clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def load_whole_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load what `whole_weights` returned into a bare network, sharded or not."""
    own = network.state_dict()
    if own.keys() != weights.keys():
        odd = sorted(own.keys() ^ weights.keys())[0]
        raise TrainingError(
            f"the checkpoint must hold the weights of this network, but {odd!r} is in one alone; "
            "name another --out"
        )
    for name, value in own.items():
        value.copy_(as_sharded(weights[name], value))


def all_finite(network: nn.Module) -> bool:
    """Whether all weights of this process are finite; waits for the device."""
    held = [w.to_local() if isinstance(w, DTensor) else w for w in network.parameters()]
    return bool(torch.stack([w.detach().isfinite().all() for w in held]).all())


# threads: they wait for one another after every product. Where products are small, or where two
# logical cores share a physical one, a step may take longer with more threads: a small network
# takes twice as long on two such cores as on one.

Step = Callable[[], object]
WORTHWHILE = 1.15  # times as fast; for less, noise would choose another number from run to run
LONG_SECONDS = 0.5  # a longer step has work for all threads, and would take long to measure
_REPEATS = 3
_ROUNDS = 2  # so that other load does not affect one number alone


def fastest_threads(
    step: Step, most: int, *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """The fastest number of threads for a step, of `most` and its halves down to one.

    All of them unless fewer are clearly faster, and where a single step is long.
    """
    if most < 2 or _seconds(step, most, 1, clock) > LONG_SECONDS:
        return most
    numbers = [most >> halvings for halvings in range(most.bit_length())]
    rounds = [
        {number: _seconds(step, number, _REPEATS, clock) for number in numbers}
        for _ in range(_ROUNDS)
    ]
    seconds = {number: min(found[number] for found in rounds) for number in numbers}
    best = min(numbers, key=seconds.__getitem__)
    return best if seconds[most] >= WORTHWHILE * seconds[best] else most


def threads_for(network: nn.Module, loss: Callable[[], Tensor], precision: Precision) -> int:
    """The fastest number of threads for a step that descends a loss; the network is unchanged."""
    device = next(network.parameters()).device

    def step() -> None:
        with autocast(device, precision):
            found = loss()
        found.backward()

    network.train()
    try:
        return fastest_threads(step, torch.get_num_threads())
    finally:
        _forget_gradients(network)


@contextmanager
def working_with(threads: int | None) -> Iterator[None]:
    """Set the number of threads in this process, and restore it; none changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _seconds(step: Step, threads: int, repeats: int, clock: Callable[[], float]) -> float:
    """The shortest time of some steps, after one warm-up step."""
    with working_with(threads):
        step()
        times = []
        for _ in range(repeats):
            started = clock()
            step()
            times.append(clock() - started)
    return min(times)


def _forget_gradients(network: nn.Module) -> None:
    for weight in network.parameters():
        weight.grad = None
