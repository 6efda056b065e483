"""What changes with the step: the learning rate, and the generators of random draws."""

import math

import numpy as np
import torch
from torch import Tensor

# what a random draw is for: the last part of its address
(
    MASKS,
    ORDER,
    WEIGHTS,
    DROPOUT,
    LABELS,
    VALIDATION,
    TURNS,
    NOISE,
    PATHS,
    BALANCE,
    AUGMENTATION,
    PROBED,
    RATIOS,
) = range(13)


def cosine_with_warmup(step: int, steps: int, warmup_steps: int) -> float:
    """Share of the peak learning rate: a linear rise, then half a cosine down to nothing."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def addressed_generator(
    seed: int, purpose: int, index: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator made from what it is for, so that no draw depends on what came before it."""
    state = np.random.SeedSequence(seed, spawn_key=(purpose, index)).generate_state(2, np.uint32)
    return torch.Generator(device).manual_seed(int(state[0]) << 31 ^ int(state[1]))


def random_quarter_turns(n: int, seed: int, step: int) -> Tensor:
    """How many quarters each of n training images is turned at a step, (n,)."""
    return torch.randint(4, (n,), generator=addressed_generator(seed, TURNS, step))
