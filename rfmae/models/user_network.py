"""A user's own network as an encoder: `package.module:Class`, a `torch.nn.Module`.

The class is called with the shape of one input, such as `(2, 1024)`, and its modules map inputs
(N, *shape) to features (N, F). Attributes of the class that are optional: `modality`, `"signal"`
(the default: I and Q in time) or `"image"`, and `learning_rate`. A linear head follows. What its
forward pass draws at random, as dropout does, comes from torch's global generator, so that such a
run is not repeated bit for bit.

A card names such a class, and a card may come from anywhere, so that reading one imports nothing:
the class must have been named by the user (`finetune --network`, or the environment variable
`RFMAE_NETWORKS`, names between commas), or its module must have been imported already.
"""

import os
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from rfmae.errors import CheckpointError, ShapeError
from rfmae.user_code import first_words, imported, is_code_name

VARIABLE = "RFMAE_NETWORKS"
MODALITIES = {"signal": 2, "image": 3}
"""The modalities that such a network may see, with the dimensions of one input."""

_LEARNING_RATE = 1e-3


def named_by_user(name: str) -> type[nn.Module]:
    """The class that a user names, here and for the processes that are started from here."""
    known = _trusted()
    if name not in known:
        os.environ[VARIABLE] = ",".join([*known, name])
    return _class_of(name)


def class_of_card(name: str) -> type[nn.Module]:
    """The class that a card names, if a user has named it or has imported its module.

    Raises:
        CheckpointError: Code that nobody here has asked for, or that is no network.
    """
    module = name.partition(":")[0]
    if not is_code_name(name) or (name not in _trusted() and module not in sys.modules):
        raise CheckpointError(
            f"the network {name!r} of this checkpoint is code that does not come with rfmae; "
            f"if you trust it, name it in the environment, {VARIABLE}={name}, or import {module}"
        )
    return _class_of(name)


def modality_of(kind: type[nn.Module]) -> str:
    """What a class of a user sees."""
    seen = getattr(kind, "modality", "signal")
    if seen not in MODALITIES:
        raise CheckpointError(
            f"modality of {kind.__name__} must be {' or '.join(MODALITIES)}, got {seen!r}"
        )
    return str(seen)


def learning_rate_of(kind: type[nn.Module]) -> float:
    """The learning rate at the peak that a class names, or a usual one."""
    return float(getattr(kind, "learning_rate", _LEARNING_RATE))


class UserLayers(nn.Module):
    """A network of a user's class: inputs (N, *shape) to features (N, width)."""

    def __init__(self, kind: type[nn.Module], shape: tuple[int, ...]) -> None:
        super().__init__()
        self._kind, self._shape = kind, shape
        self.network = _made(kind, shape, seed=0)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all weights anew as the class itself does, from a seed of the generator."""
        seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
        self.network.load_state_dict(_made(self._kind, self._shape, seed).state_dict())


def width_of(kind: type[nn.Module], shape: tuple[int, ...]) -> int:
    """The number of features of a class for inputs of a shape; it is tried on two of them."""
    network, name = _made(kind, shape, seed=0).eval(), kind.__name__
    try:
        with torch.no_grad():
            features = network(torch.zeros(2, *shape))
    except Exception as error:
        raise ShapeError(f"{name} failed on inputs {(2, *shape)}: {first_words(error)}") from error
    if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != 2:
        found = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ShapeError(
            f"{name} must map inputs (N, {', '.join(map(str, shape))}) to features (N, F), got "
            f"{found} for N = 2"
        )
    if features.dtype != torch.float32 or not bool(features.isfinite().all()):
        raise ShapeError(
            f"features of {name} must be finite and float32, as its inputs, got {features.dtype}"
        )
    return int(features.shape[1])


def _trusted() -> list[str]:
    return [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]


def _class_of(name: str) -> type[nn.Module]:
    found = imported(name)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CheckpointError(f"{name} must be a class of torch.nn.Module, got {_said(found)}")
    return found


def _said(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"


def _made(kind: type[nn.Module], shape: tuple[int, ...], seed: int) -> nn.Module:
    """An instance; a class draws its weights from torch's global generator, which is put back."""
    devices = range(torch.cuda.device_count())
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        try:
            made = kind(shape)
            if any(isinstance(one, UninitializedParameter) for one in made.parameters()):
                made(torch.zeros(2, *shape))  # lazy layers take their sizes from a first input
            return made
        except Exception as error:
            raise ShapeError(
                f"{kind.__name__} is called with the shape of one input, here {shape}, and failed: "
                f"{first_words(error)}"
            ) from error
