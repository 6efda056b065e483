"""Likelihoods of independent symbols after a root-Nyquist matched filter.

The ratio to noise alone of an output z of noise power 1/ρ is the mean of
exp(ρ·(2·Re(a*·z) − |a|²)) over the points a, which is exp(ρ·|z|²) times that of exp(−ρ·|z − a|²).
The second form is computed: its exponents are small under the true class, so that single
precision loses nothing; sums over symbols are in double precision.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rfmae.theory.frames import Frames

_ELEMENTS = {"cpu": 2**16, "cuda": 2**25}  # values processed at once
_SAME = 1e-6  # of points in units of their rms: what the table's rounding leaves
_HALVINGS = 3  # eight numbers from 1 to 1024 have a product that single precision holds
_NOTHING = -60.0  # an exponent whose exponential is negligible beside one, in double precision too


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """Noise alone: nothing is sent."""

    @property
    def symmetry(self) -> int:
        return 1

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        return torch.zeros_like(turns, dtype=torch.float64)


@dataclass(frozen=True)
class LinearModel:
    """Independent symbols, all points equally likely, on an alphabet that may turn by itself.

    `points` are what the matched filter gives without noise. An alphabet that turns by `own_turn`
    from symbol to symbol starts from each of its states equally likely. Interference between
    symbols is ignored; nothing is lost at the ends of a frame, since its matched-filter outputs
    are complete. `dtype` is the precision of the exponentials.
    """

    points: tuple[complex, ...]
    own_turn: Fraction = Fraction(0)
    dtype: torch.dtype = torch.float32

    @property
    def symmetry(self) -> int:
        return math.lcm(self.own_turn.denominator, self._points_symmetry)

    @property
    def starts(self) -> int:
        """States that an alphabet can start from."""
        return self.symmetry // self._points_symmetry

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        """See `SignalModel`; frames (N, K) and phases (N, G) make (N, G)."""
        start = torch.arange(self.starts, device=turns.device) / self.symmetry
        supposed = (turns[..., None] + start.double()).flatten(1)
        ratios = self.from_one_start.log_ratio(frames, supposed)
        return torch.logsumexp(ratios.unflatten(1, (-1, self.starts)), -1) - math.log(self.starts)

    @cached_property
    def from_one_start(self) -> "UprightModel":
        """The model with a known start state, equivalent where the carrier phase is unknown."""
        return UprightModel(self.points, self.own_turn, self._points_symmetry, self.dtype)

    @cached_property
    def _points_symmetry(self) -> int:
        return symmetry_of(self.points)


@dataclass(frozen=True)
class UprightModel:
    """As `LinearModel`, with the alphabet upright at symbol 0."""

    points: tuple[complex, ...]
    own_turn: Fraction
    symmetry: int
    dtype: torch.dtype

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        """See `SignalModel`."""
        symbols = _turned_back(frames.symbols, self.own_turn)
        turn, across, up = self._grid or (0.0, None, None)
        made = torch.empty(turns.shape, dtype=torch.float64, device=turns.device)
        for rows, columns in _blocks(turns.shape, symbols.shape[1], symbols.device):
            x, y = _rails(symbols[rows], turns[rows, columns] + turn, self.dtype)
            if across is None or up is None:
                made[rows, columns] = _points_log_mean(x, y, self.points, frames.es_n0)
            else:
                made[rows, columns] = _levels_log_mean(x, across, frames.es_n0)
                made[rows, columns] += _levels_log_mean(y, up, frames.es_n0)
        return made + frames.es_n0 * _energy(symbols)

    @cached_property
    def _grid(self) -> "tuple[float, Levels, Levels] | None":
        return as_grid(self.points)


@dataclass(frozen=True, slots=True)
class OffsetModel:
    """Offset QPSK: antipodal pairs on I at the symbol instants, on Q half a symbol later."""

    amplitude: float = math.sqrt(0.5)
    dtype: torch.dtype = torch.float32

    @property
    def symmetry(self) -> int:
        return 2  # a quarter turn would bring Q to the symbol instants

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        """See `SignalModel`."""
        pair = Levels(-self.amplitude, 2 * self.amplitude, 2)
        made = torch.empty(turns.shape, dtype=torch.float64, device=turns.device)
        for rows, columns in _blocks(turns.shape, frames.symbols.shape[1], turns.device):
            x, _ = _rails(frames.symbols[rows], turns[rows, columns], self.dtype)
            _, y = _rails(frames.midway[rows], turns[rows, columns], self.dtype)
            rails = torch.stack([x, y])
            exponents = _levels_log_mean(rails, pair, frames.es_n0)
            squares = rails.square().sum(-1, dtype=torch.float64)
            made[rows, columns] = (exponents + frames.es_n0 * squares).sum(0)
        return made


@dataclass(frozen=True, slots=True)
class Levels:
    """Equidistant levels on a rail."""

    first: float
    step: float
    count: int


def symmetry_of(points: tuple[complex, ...]) -> int:
    """How many turns of the carrier leave a set of points unchanged."""
    distance = max(map(abs, points))
    outermost = sum(math.isclose(abs(point), distance, rel_tol=_SAME) for point in points)
    divisors = (n for n in range(outermost, 0, -1) if outermost % n == 0)
    return next(n for n in divisors if same_points(points, points, 1 / n))


def same_points(one: tuple[complex, ...], other: tuple[complex, ...], turns: float = 0.0) -> bool:
    """Whether turning the one set of points gives the other."""
    if len(one) != len(other):
        return False
    turned = np.array(one) * np.exp(2j * np.pi * turns)
    distances = np.abs(turned[:, None] - np.array(other))
    scale = _SAME * math.sqrt(np.mean(np.abs(turned) ** 2))
    # a one-to-one match of the points
    return bool(np.all((distances < scale).sum(0) == 1) and np.all((distances < scale).sum(1) == 1))


def as_grid(points: tuple[complex, ...]) -> tuple[float, Levels, Levels] | None:
    """The turns to a grid and its levels on I and on Q, where points are a whole such grid."""
    for turn in (0.0, 1 / 8):
        turned = np.array(points) * np.exp(-2j * np.pi * turn)
        across, up = _as_levels(turned.real), _as_levels(turned.imag)
        if across and up and across.count * up.count == len(points):
            return turn, across, up
    return None


def _as_levels(values: npt.NDArray[np.float64]) -> Levels | None:
    """Equidistant levels that take all values, or None."""
    ordered = np.unique(np.round(values, 6))
    first, last = float(values.min()), float(values.max())
    even = np.linspace(first, last, len(ordered))
    if np.max(np.abs(ordered - even)) > 2 * _SAME:
        return None
    return Levels(first, (last - first) / max(len(ordered) - 1, 1), len(ordered))


# exponentials -------------------------------------------------------------------------------


def _levels_log_mean(x: Tensor, levels: Levels, es_n0: float) -> Tensor:
    """Sum over the last axis of log mean exp(−ρ(x − a)²) over levels, in double precision."""
    if levels.count == 1:
        return -es_n0 * (x - levels.first).square().sum(-1, dtype=torch.float64)
    place = (x - levels.first) / levels.step
    sharpness = es_n0 * levels.step**2
    rest = place - place.round().clamp_(0, levels.count - 1)
    least = rest.square()
    if levels.count == 2:
        # the other level is farther by |2·place − 1|
        mean = _decay((2 * place - 1).abs_().mul_(-sharpness)).add_(1)
    else:
        mean = torch.zeros_like(x)
        for level in range(levels.count):
            mean += _decay((place - level).square_().neg_().add_(least).mul_(sharpness))
    exponents = _sum_of_logs(mean) - x.shape[-1] * math.log(levels.count)
    return exponents - sharpness * least.sum(-1, dtype=torch.float64)


def _points_log_mean(x: Tensor, y: Tensor, points: tuple[complex, ...], es_n0: float) -> Tensor:
    """Sum over the last axis of log mean exp(−ρ|z − a|²) over points, in double precision."""
    least = torch.full_like(x, math.inf)
    for point in points:
        torch.minimum(least, _squares(x, y, point), out=least)
    mean = torch.zeros_like(x)
    for point in points:
        mean += _decay(_squares(x, y, point).neg_().add_(least).mul_(es_n0))
    exponents = _sum_of_logs(mean) - x.shape[-1] * math.log(len(points))
    return exponents - es_n0 * least.sum(-1, dtype=torch.float64)


def _squares(x: Tensor, y: Tensor, point: complex) -> Tensor:
    return (x - point.real).square_().add_((y - point.imag).square_())


def _decay(exponents: Tensor) -> Tensor:
    """Exponentials, in place, of what is at most zero; denormal numbers would take far longer."""
    return exponents.clamp_(min=_NOTHING).exp_()


def _sum_of_logs(values: Tensor) -> Tensor:
    """Sum of logarithms of values from 1 to the number of points along the last axis.

    A product costs less than a logarithm.
    """
    whole = values.shape[-1] >> _HALVINGS << _HALVINGS
    products = values[..., :whole]
    for _ in range(_HALVINGS):
        half = products.shape[-1] // 2
        products = products[..., :half] * products[..., half:]
    values = torch.cat([products, values[..., whole:]], -1)
    return values.log().sum(-1, dtype=torch.float64)


# shapes -------------------------------------------------------------------------------------


def _rails(symbols: Tensor, turns: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """I and Q (N, G, K) of symbols (N, K) turned back by phases (N, G)."""
    angles = (2 * math.pi * turns.double())[..., None]
    cosine, sine = angles.cos().to(dtype), angles.sin().to(dtype)
    x, y = (part.to(dtype)[:, None, :] for part in (symbols.real, symbols.imag))
    return cosine * x + sine * y, cosine * y - sine * x


def _turned_back(symbols: Tensor, own_turn: Fraction) -> Tensor:
    """Symbols (N, K) with the rotation of their alphabet removed."""
    if not own_turn:
        return symbols
    states = torch.arange(symbols.shape[1], device=symbols.device) % own_turn.denominator
    angles = -2 * math.pi * float(own_turn) * states.double()
    return symbols * torch.polar(torch.ones_like(angles), angles)


def _energy(symbols: Tensor) -> Tensor:
    """Energy of each frame (N, 1) in double precision."""
    return (symbols.real.square() + symbols.imag.square()).sum(-1, dtype=torch.float64)[:, None]


def _blocks(shape: torch.Size, symbols: int, device: torch.device) -> "list[tuple[slice, slice]]":
    """Cuts of (N, G) such that a block with all its symbols stays in the cache."""
    pairs = max(1, _ELEMENTS.get(device.type, 2**16) // max(symbols, 1))
    width = min(shape[1], pairs)
    height = max(1, pairs // max(width, 1))
    return [
        (slice(row, row + height), slice(column, column + width))
        for row in range(0, shape[0], height)
        for column in range(0, shape[1], max(width, 1))
    ]
