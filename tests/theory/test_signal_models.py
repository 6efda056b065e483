"""Signal models of modulations, and which are indistinguishable."""

import pytest

from rfmae.errors import RecipeError
from rfmae.signal.modulations import MODULATIONS, find_modulation, identical_classes
from rfmae.signal.pulses import Pulse
from rfmae.theory.signal_models import indistinguishable_classes, signal_model_of

PULSE = Pulse()
WITH_LAW = [row for row in MODULATIONS.values() if row.family not in ("analog", "ofdm")]
WITHOUT_LAW = [row for row in MODULATIONS.values() if row.family in ("analog", "ofdm")]


def groups(names, phase="unknown", pulse=PULSE):
    return indistinguishable_classes([find_modulation(name) for name in names], pulse, 4, phase)


@pytest.mark.parametrize("modulation", WITHOUT_LAW, ids=str)
def test_what_has_no_likelihood_is_refused_by_name(modulation):
    with pytest.raises(RecipeError, match=f"no likelihood is known of {modulation}") as error:
        signal_model_of(modulation, PULSE, 8)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shape", ["rc", "gaussian"])
def test_pulses_whose_symbols_interfere_are_refused(shape):
    with pytest.raises(RecipeError, match=f"QPSK with a pulse '{shape}'"):
        signal_model_of(MODULATIONS["QPSK"], Pulse(shape), 4)


def test_a_raised_cosine_at_one_sample_a_symbol_is_its_symbols():
    assert signal_model_of(MODULATIONS["QPSK"], Pulse("rc"), 1).points == MODULATIONS["QPSK"].points


def test_modulations_without_a_pulse_do_not_mind_which():
    assert signal_model_of(MODULATIONS["MSK"], Pulse("gaussian"), 4).symmetry > 1
    assert signal_model_of(MODULATIONS["NOISE"], Pulse("gaussian"), 4).symmetry == 1


def test_every_class_is_in_one_group_in_the_order_of_the_list():
    names = [row.name for row in MODULATIONS.values()]
    found = groups(names)
    assert [name for group in found for name in group if name == group[0]] == [
        name for name in names if name in {group[0] for group in found}
    ]
    assert sorted(name for group in found for name in group) == sorted(names)


def test_an_unknown_phase_merges_what_the_table_says_is_the_same_signal():
    """`sends_same_signal_as` is written by hand; alphabets and settings find the same groups."""
    found = [group for group in groups(row.name for row in MODULATIONS.values()) if len(group) > 1]
    assert found == identical_classes(MODULATIONS.values())


def test_a_known_phase_tells_what_an_eighth_of_a_turn_tells():
    assert groups(["QPSK", "DQPSK"]) == (("QPSK", "DQPSK"),)
    assert groups(["QPSK", "DQPSK"], "known") == (("QPSK",), ("DQPSK",))
    assert groups(["8PSK", "D8PSK", "BPSK", "DBPSK"], "known") == (
        ("8PSK", "D8PSK"),
        ("BPSK", "DBPSK"),
    )


@pytest.mark.parametrize("phase", ["known", "unknown"])
@pytest.mark.parametrize(
    "names",
    [
        ("4ASK", "4PAM"),
        ("BPSK", "π/2-BPSK"),
        ("QPSK", "OQPSK"),
        ("QPSK", "π/4-DQPSK"),
        ("8PSK", "π/4-DQPSK"),
        ("CPFSK", "GMSK"),
        ("GFSK", "GMSK"),
        ("2FSK", "4FSK"),
        ("OOK", "BPSK"),
        ("OOK", "NOISE"),
    ],
)
def test_what_differs_is_kept_apart(names, phase):
    assert groups(names, phase) == tuple((name,) for name in names)


@pytest.mark.parametrize("phase", ["known", "unknown"])
def test_names_of_one_signal_are_together(phase):
    assert groups(["CPFSK", "16QAM", "MSK"], phase) == (("CPFSK", "MSK"), ("16QAM",))


def test_other_settings_are_another_model():
    minimum, other = (
        MODULATIONS["CPFSK"],
        MODULATIONS["CPFSK"].with_settings({"modulation_index": 0.7}),
    )
    gaussian = MODULATIONS["GFSK"].with_settings({"modulation_index": 0.5, "bt": 0.3})
    rows = [minimum, other, gaussian, MODULATIONS["GMSK"]]
    assert indistinguishable_classes(rows, PULSE, 4, "unknown") == (
        ("CPFSK",),
        ("CPFSK",),
        ("GFSK", "GMSK"),
    )
    rings = MODULATIONS["16APSK"].with_settings({"ring_ratios": (3.15,)})
    assert len(indistinguishable_classes([MODULATIONS["16APSK"], rings], PULSE, 4, "unknown")) == 2


def test_classes_without_a_model_are_groups_of_their_own():
    assert groups(["WBFM", "OFDM-QPSK", "QPSK"]) == (("WBFM",), ("OFDM-QPSK",), ("QPSK",))


@pytest.mark.parametrize("modulation", WITH_LAW, ids=str)
def test_every_law_stands_for_a_whole_number_of_turns(modulation):
    assert signal_model_of(modulation, PULSE, 8).symmetry >= 1
