"""Noise on the features of an encoder: its schedule, its random draw, and the layer.

Encoder-centric corruption (arXiv 2412.19104): some of the visible tokens pass through the first
blocks clean and are then noised as in a diffusion model.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rfmae.configuration.noising import Noising

_SINUSOIDS = 256
_LONGEST_PERIOD = 10_000.0


@dataclass(frozen=True, slots=True)
class FeatureNoise:
    """The random draws for the noised tokens of each example."""

    times: Tensor  # (N,) long
    eps: Tensor  # (N, Q, D) of unit variance

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, rows: slice) -> "FeatureNoise":
        """The noise of some of the examples."""
        return FeatureNoise(self.times[rows], self.eps[rows])


def draw_feature_noise(
    n: int, noised: int, width: int, noising: Noising, generator: torch.Generator
) -> FeatureNoise:
    """Times and white Gaussian noise for `noised` tokens of each of n examples."""
    device = generator.device
    times = torch.randint(noising.latest, (n,), generator=generator, device=device)
    return FeatureNoise(times, torch.randn(n, noised, width, generator=generator, device=device))


class NoiseSchedule(nn.Module):
    """The share of a token's power that remains at each time (Ho et al. 2020, eq. 4)."""

    table: Tensor

    def __init__(self, noising: Noising) -> None:
        super().__init__()
        betas = torch.linspace(
            noising.first_beta, noising.last_beta, noising.steps, dtype=torch.float64
        )
        self.register_buffer("table", (1 - betas.pow(noising.power)).cumprod(0), persistent=False)

    def kept(self, times: Tensor) -> Tensor:
        """The remaining share ᾱ at times (N,), float64 (N,)."""
        return self.table[times]


class TimeEmbedding(nn.Module):
    """Times to vectors of a width: sinusoids through a perceptron (Ho et al. 2020, appendix B)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.perceptron = nn.Sequential(
            nn.Linear(_SINUSOIDS, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, times: Tensor) -> Tensor:
        """Times (N,) to (N, width), in float32 under any autocast."""
        with torch.autocast(times.device.type, enabled=False):
            return self.perceptron(_sinusoids(times))


def _sinusoids(times: Tensor) -> Tensor:
    """Sines and cosines of times (N,), of periods in a geometric series, (N, 256)."""
    half = _SINUSOIDS // 2
    exponents = torch.arange(half, device=times.device) / half
    angles = times[:, None].float() * torch.exp(-math.log(_LONGEST_PERIOD) * exponents)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class Noiser(nn.Module):
    """Mixes noise into tokens at constant power, and adds an embedding of the time."""

    def __init__(self, width: int, noising: Noising) -> None:
        super().__init__()
        self.scale = noising.scale
        self.schedule = NoiseSchedule(noising)
        self.time_embedding = TimeEmbedding(width) if noising.time_embedding else None

    def forward(self, tokens: Tensor, noise: FeatureNoise) -> Tensor:
        """√ᾱ·z + √(1 − ᾱ)·s·ε + τ(t) of tokens z (N, Q, D), in their own dtype.

        The scale s of a token is its rms, through which no gradient flows, or one.
        """
        kept = self.schedule.kept(noise.times)[:, None, None]
        clean = tokens.float()
        deviation = (1 - kept).sqrt().float() * self._scales(clean)
        noised = kept.sqrt().float() * clean + deviation * noise.eps
        if self.time_embedding is not None:
            noised = noised + self.time_embedding(noise.times)[:, None]
        return noised.to(tokens.dtype)

    def _scales(self, tokens: Tensor) -> Tensor | float:
        """Factors of noise of unit variance, (N, Q, 1)."""
        if self.scale == "unit":
            return 1.0
        return tokens.detach().square().mean(dim=-1, keepdim=True).sqrt()
