"""The cost of a network: parameters, multiply-accumulates, peak memory of a GPU."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

_MIB = 2**20


def parameters_of(network: nn.Module) -> int:
    """The number of parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiplications(network: nn.Module, run: Callable[[], object]) -> int:
    """Multiply-accumulates of a network's matrix products while `run` calls it.

    Those of linear layers, convolutions, attention and recurrent layers; elementwise operations
    (activations, norms, softmax) do not count, nor what happens outside of the network.
    """
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def remember(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        calls.append((inputs, named))

    hook = network.register_forward_pre_hook(remember, with_kwargs=True)
    try:
        run()
    finally:
        hook.remove()
    with torch.no_grad(), _unfused(), FlopCounterMode(display=False) as counter:
        for inputs, named in calls:
            network(*inputs, **named)
    return counter.get_total_flops() // 2  # a multiplication and an addition each


def gpu_peak_mib(run: Callable[[], object], device: str) -> float:
    """Peak memory of all tensors on a GPU, weights included, while `run` runs, in MiB."""
    torch.cuda.reset_peak_memory_stats(device)
    run()
    return torch.cuda.max_memory_allocated(device) / _MIB


def threads() -> int:
    """How many threads a product on the CPU may use."""
    return torch.get_num_threads()


@contextmanager
def _unfused() -> Iterator[None]:
    """Attention and recurrent layers as plain products; the counter does not see fused ones."""
    with warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):
        warnings.simplefilter("ignore")  # torch warns of missing GPUs
        with (
            torch.backends.mkldnn.flags(enabled=False),
            torch.backends.cudnn.flags(enabled=False),
        ):
            yield
