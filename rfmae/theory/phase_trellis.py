"""The trellis of a continuous phase: its states, its branches and the waveform of each branch."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import phase_response
from rfmae.signal.settings import ContinuousPhase

_LARGEST_DENOMINATOR = 1000
_MOST_BRANCHES = 4096


@dataclass(frozen=True, eq=False)
class PhaseTrellis:
    """How M-level symbols walk over p phases, in a frame that turns with the lowest level.

    In that frame a symbol turns the phase by index·0, index·1, … index·(M−1), all multiples of
    1/p of a turn for an index k/p: p phases suffice instead of 2p (Rimoldi, IEEE Trans. Information
    Theory 34(2), 1988). A state is one of p phases, the sum of all symbols whose pulse has ended,
    and the 2·reach symbols whose pulse has not; a branch adds one symbol. With S = p·M^(2·reach)
    states there are M·S branches: branch (m, s) ends in state s and m is the symbol that it drops.
    """

    order: int  # M
    phases: int  # p
    lattices: int  # sets of p phases in which a stream may be: 2 half a step apart for odd k
    turn_per_symbol: Fraction  # of the frame, in turns
    shapes: ComplexArray  # (M^(2·reach+1), samples_per_symbol): window of symbols, oldest heaviest
    source: IntArray  # (M·S,) the state in which branch (m, s) begins
    source_phase: IntArray  # (M, p) the phase in which a branch to each phase begins

    @property
    def states(self) -> int:
        return len(self.source) // self.order

    @property
    def symmetry(self) -> int:
        """Points of the lattice of phases, over all symbols: p, or 2p for odd k."""
        return self.phases * self.lattices


def index_as_fraction(modulation: Modulation) -> Fraction:
    """The modulation index as k/p, on which the size of the trellis depends."""
    index = modulation.continuous_phase.modulation_index
    fraction = Fraction(index).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(float(fraction) - index) > 1e-6:
        raise RecipeError(
            f"the likelihood of {modulation} needs a modulation_index that is a fraction with a "
            f"denominator of at most {_LARGEST_DENOMINATOR}, got {index!r}; the nearest is "
            f"{fraction} = {float(fraction)!r}"
        )
    return fraction


def build_trellis(modulation: Modulation, samples_per_symbol: int, reach: int) -> PhaseTrellis:
    """The trellis in which a pulse reaches `reach` symbols to either side of its own."""
    index, order = index_as_fraction(modulation), modulation.order
    window = 2 * reach + 1
    _check_size(modulation, index, window)
    phases, rest = index.denominator, order**window // order
    left, phase, following = np.ix_(range(order), range(phases), range(rest))
    began = (phase - index.numerator * left) % phases
    return PhaseTrellis(
        order=order,
        phases=phases,
        lattices=1 + index.numerator % 2,
        turn_per_symbol=-(order - 1) * index / 2,
        shapes=_branch_waveforms(modulation, samples_per_symbol, reach),
        source=(began * rest + (left * rest + following) // order).ravel(),
        source_phase=began[..., 0],
    )


def phase_error_beyond(modulation: Modulation, samples_per_symbol: int, reach: int) -> float:
    """Mean square phase in rad² due to random symbols further away than `reach`."""
    settings = modulation.continuous_phase
    widest = settings.pulse_symbols // 2
    shares = _shares(settings, samples_per_symbol, widest)
    ended = np.arange(-widest, widest + 1)[:, None] < 0
    far = np.abs(np.arange(-widest, widest + 1)) > reach
    power = np.mean(modulation.levels**2) * (math.pi * settings.modulation_index) ** 2
    return float(power * np.sum((shares - ended)[far] ** 2) / samples_per_symbol)


def _check_size(modulation: Modulation, index: Fraction, window: int) -> None:
    branches = index.denominator * modulation.order**window
    if branches > _MOST_BRANCHES:
        raise RecipeError(
            f"the trellis of {modulation} may have at most {_MOST_BRANCHES} branches, but "
            f"modulation_index {index} and a pulse over {window} symbols make {branches}; "
            "choose an index of smaller denominator or a larger bt"
        )


def _branch_waveforms(modulation: Modulation, samples_per_symbol: int, reach: int) -> ComplexArray:
    """One symbol of each window of 2·reach + 1 symbols, from phase zero, complex128."""
    order, window = modulation.order, 2 * reach + 1
    digits = np.indices((order,) * window).reshape(window, -1).T
    levels = 2 * digits - (order - 1)
    shares = _shares(modulation.continuous_phase, samples_per_symbol, reach)
    turned = levels @ shares * math.pi * modulation.continuous_phase.modulation_index
    waveforms: ComplexArray = np.exp(1j * turned)
    return waveforms


def _shares(settings: ContinuousPhase, samples_per_symbol: int, reach: int) -> FloatArray:
    """The share of their turn that symbols −reach … reach have made at each sample of symbol 0."""
    t = np.arange(samples_per_symbol) / samples_per_symbol
    middles = np.arange(-reach, reach + 1)[:, None] + 0.5
    return phase_response(t - middles, settings.bt, settings.pulse_symbols)
