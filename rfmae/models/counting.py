"""What a network costs: its parameters, its multiplications, what it takes of a GPU."""

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
    """Numbers that training may change."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiplications(network: nn.Module, ask: Callable[[], object]) -> int:
    """Multiply-accumulates of a network's matrix products while something is asked of it.

    Those of linear layers, convolutions, attention and recurrent layers; what is done number by
    number (activations, norms, softmax) does not count, nor what happens outside of the network.
    """
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def remember(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        calls.append((inputs, named))

    hook = network.register_forward_pre_hook(remember, with_kwargs=True)
    try:
        ask()
    finally:
        hook.remove()
    with torch.no_grad(), _unfused(), FlopCounterMode(display=False) as counter:
        for inputs, named in calls:
            network(*inputs, **named)
    return counter.get_total_flops() // 2  # a multiplication and an addition each


def gpu_peak_mib(ask: Callable[[], object], device: str) -> float:
    """The most that tensors, weights included, held of a GPU while something was asked, in MiB."""
    torch.cuda.reset_peak_memory_stats(device)
    ask()
    return torch.cuda.max_memory_allocated(device) / _MIB


def threads() -> int:
    """How many threads a product on the CPU may use."""
    return torch.get_num_threads()


@contextmanager
def _unfused() -> Iterator[None]:
    """Attention and recurrent layers as plain products; fused, the counter takes them for none."""
    with warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):
        warnings.simplefilter("ignore")  # torch warns of GPUs that are not there
        with (
            torch.backends.mkldnn.flags(enabled=False),
            torch.backends.cudnn.flags(enabled=False),
        ):
            yield
