"""Trellises of continuous phases: every path is the waveform that the modulator sends."""

import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.modulations import MODULATIONS
from rfmae.theory.phase_trellis import build_trellis, phase_error_beyond

PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]
CHOSEN = [
    MODULATIONS[name].with_settings(settings)
    for name, settings in (
        ("CPFSK", {"modulation_index": 2 / 3}),
        ("CPFSK", {"modulation_index": 1.25}),
        ("4FSK", {"modulation_index": 0.75}),
        ("4FSK", {"modulation_index": 0.25, "bt": 0.5, "pulse_symbols": 3}),
        ("GMSK", {"pulse_symbols": 2}),
        ("GMSK", {"pulse_symbols": 4}),
    )
]

every_phase = pytest.mark.parametrize("modulation", PHASES + CHOSEN, ids=str)


def walk(trellis, symbols, reach):
    """The waveform of levels 0 … M−1 from a state of phase zero on, by states and branches."""
    weights = trellis.order ** np.arange(2 * reach, -1, -1)
    left = np.arange(trellis.order)[:, None]
    state = int(symbols[: 2 * reach] @ weights[1:])
    pieces = []
    for n in range(len(symbols) - 2 * reach):
        window = symbols[n : n + 2 * reach + 1] @ weights
        following = window % trellis.order ** (2 * reach)
        ends = np.arange(trellis.phases) * trellis.order ** (2 * reach) + following
        branch = left * trellis.states + ends
        reached = np.argwhere((trellis.source[branch] == state) & (left == symbols[n]))
        assert len(reached) == 1  # a state and a symbol make one branch
        phase = trellis.source_phase[symbols[n], reached[0, 1]] / trellis.phases
        turns = phase + float(n * trellis.turn_per_symbol)
        pieces.append(trellis.shapes[window] * np.exp(2j * np.pi * turns))
        state = ends[reached[0, 1]]
    return np.concatenate(pieces)


@every_phase
def test_a_path_of_the_trellis_is_what_the_modulator_sends(modulation, rng):
    reach = modulation.continuous_phase.pulse_symbols // 2
    trellis = build_trellis(modulation, 8, reach)
    indices = rng.integers(modulation.order, size=30 + 2 * reach)
    upwards = (modulation.levels[indices].astype(int) + modulation.order - 1) // 2
    sent = modulate_phase(indices[None], modulation, 8)[0, 8 * reach : 8 * (30 + reach)]
    path = walk(trellis, upwards, reach)
    turn = np.vdot(path, sent) / len(path)  # the modulator has started before the frame
    assert abs(turn) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(path * turn, sent, atol=1e-5)  # float32 phases


@every_phase
def test_every_state_is_left_and_reached_by_as_many_branches_as_there_are_levels(modulation):
    trellis = build_trellis(modulation, 4, 1)
    assert np.all(np.bincount(trellis.source) == trellis.order)
    assert len(trellis.source) == trellis.order * trellis.states


@pytest.mark.parametrize(
    ("name", "states", "symmetry"),
    [("MSK", 2, 4), ("CPFSK", 2, 4), ("2FSK", 1, 2), ("8FSK", 1, 2), ("GFSK", 20, 40)],
)
def test_phases_are_those_of_the_turning_frame(name, states, symmetry):
    trellis = build_trellis(MODULATIONS[name], 4, 0)
    assert (trellis.states, trellis.symmetry) == (states, symmetry)


def test_an_even_numerator_leaves_one_lattice():
    trellis = build_trellis(MODULATIONS["CPFSK"].with_settings({"modulation_index": 2 / 3}), 4, 0)
    assert (trellis.phases, trellis.lattices, trellis.symmetry) == (3, 1, 3)


@every_phase
def test_what_a_cut_pulse_misses_falls_to_nothing(modulation):
    widest = modulation.continuous_phase.pulse_symbols // 2
    errors = [phase_error_beyond(modulation, 4, reach) for reach in range(widest + 1)]
    assert errors[-1] == 0
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(("name", "reach"), [("GMSK", 1), ("GFSK", 0)])
def test_the_phase_error_is_that_of_random_symbols(name, reach, rng):
    modulation = MODULATIONS[name]
    symbols = rng.integers(2, size=4004)
    full = walk(build_trellis(modulation, 4, 2), symbols, 2)
    cut = walk(build_trellis(modulation, 4, reach), symbols[2 - reach : reach - 2], reach)
    # paths start from different phases: what their first symbols have turned before the frame
    turned = np.angle(full * cut.conj() * np.vdot(full, cut))
    expected = phase_error_beyond(modulation, 4, reach)
    assert np.mean(turned**2) == pytest.approx(expected, rel=0.1)  # of 4,000 symbols


def test_an_index_that_is_no_fraction_is_refused():
    odd = MODULATIONS["CPFSK"].with_settings({"modulation_index": 0.5002})
    with pytest.raises(
        RecipeError, match=r"CPFSK needs a modulation_index that is a fraction .* nearest is 1/2"
    ):
        build_trellis(odd, 4, 0)


def test_a_trellis_that_is_too_large_is_refused():
    wide = MODULATIONS["GFSK"].with_settings({"modulation_index": 0.333})
    with pytest.raises(RecipeError, match=r"4096 branches, but modulation_index 333/1000 .* 8000"):
        build_trellis(wide, 4, 1)
