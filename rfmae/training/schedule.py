"""The learning-rate schedule, and random generators addressed by seed, purpose and step."""

import math

import numpy as np
import torch
from torch import Tensor

# the purpose of a random draw, a part of its address; 10 is no longer in use
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
) = range(10)
PROBED, RATIOS = 11, 12


def cosine_with_warmup(step: int, steps: int, warmup_steps: int) -> float:
    """Share of the peak learning rate: a linear rise, then half a cosine down to zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def addressed_generator(
    seed: int, purpose: int, index: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator seeded by its address, so that no draw depends on the draws before it."""
    state = np.random.SeedSequence(seed, spawn_key=(purpose, index)).generate_state(2, np.uint32)
    return torch.Generator(device).manual_seed(int(state[0]) << 31 ^ int(state[1]))


def random_quarter_turns(n: int, seed: int, step: int) -> Tensor:
    """By how many quarters each of n training images is turned at a step, (n,)."""
    return torch.randint(4, (n,), generator=addressed_generator(seed, TURNS, step))
