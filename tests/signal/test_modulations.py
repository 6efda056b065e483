"""The table of modulations against textbook numbers, and the names it answers to."""

import komm
import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.modulations import MODULATIONS, equal_laws, find_modulation, nearest_indices

NAMES = [(name, row) for row in MODULATIONS.values() for name in (row.name, *row.aliases)]


# --- the family


@pytest.mark.parametrize(("name", "row"), NAMES, ids=[name for name, _ in NAMES])
def test_every_name_and_alias_finds_its_row_however_it_is_written(name, row):
    digits = "".join(letter for letter in name if letter.isdigit())
    spellings = [name, name.lower(), f" {name} ", name.replace(digits, f"{digits}-", 1)]
    for spelling in spellings:
        assert find_modulation(spelling) is row


def test_no_two_rows_share_a_name_or_an_alias():
    plain = [name.upper() for name, _ in NAMES]
    assert len(plain) == len(set(plain))


@pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)
def test_every_row_is_complete(modulation):
    assert modulation.order == 2**modulation.bits_per_symbol
    if modulation.family == "phase":
        assert modulation.points == ()
        assert 0 < modulation.modulation_index <= 1
        assert modulation.bt > 0
    else:
        assert len(set(modulation.points)) == modulation.order
        assert modulation.alphabet.dtype == np.complex64


@pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)
def test_every_point_is_the_nearest_to_itself(modulation):
    if modulation.points:
        indices = np.arange(modulation.order)
        assert np.array_equal(nearest_indices(modulation.alphabet, modulation.alphabet), indices)


# --- outside references


def line(bits):
    return komm.ReflectedLabeling(bits)


def square(bits):
    return komm.ReflectedRectangularLabeling(bits)


KOMM = {
    "OOK": (komm.ASKConstellation(2), line(1)),
    "4ASK": (komm.ASKConstellation(4), line(2)),
    "8ASK": (komm.ASKConstellation(8), line(3)),
    "16ASK": (komm.ASKConstellation(16), line(4)),
    "4PAM": (komm.PAMConstellation(4), line(2)),
    "8PAM": (komm.PAMConstellation(8), line(3)),
    "16PAM": (komm.PAMConstellation(16), line(4)),
    "BPSK": (komm.PSKConstellation(2), line(1)),
    "QPSK": (komm.PSKConstellation(4, phase_offset=1 / 8), line(2)),
    "8PSK": (komm.PSKConstellation(8), line(3)),
    "DQPSK": (komm.PSKConstellation(4), line(2)),
    "OQPSK": (komm.PSKConstellation(4, phase_offset=1 / 8), line(2)),
    "16QAM": (komm.QAMConstellation(16), square(4)),
    "64QAM": (komm.QAMConstellation(64), square(6)),
}


def test_every_modulation_with_points_has_its_reference():
    assert set(KOMM) == {name for name, row in MODULATIONS.items() if row.points}


@pytest.mark.parametrize("name", KOMM)
def test_points_and_labels_are_those_of_komm(name):
    modulation = MODULATIONS[name]
    constellation, labelling = KOMM[name]
    theirs = constellation.matrix.ravel() / np.sqrt(constellation.mean_energy())
    weights = 1 << np.arange(modulation.bits_per_symbol - 1, -1, -1)
    label = labelling.matrix @ weights  # row i of komm has this index with us
    np.testing.assert_allclose(modulation.alphabet[label], theirs, atol=1e-6)  # float32


CUMULANTS = {
    "BPSK": (1, -2, -2),
    "OOK": (1, -1, -1),
    "4PAM": (1, -1.36, -1.36),
    "8PAM": (1, -1.2381, -1.2381),
    "QPSK": (0, -1, -1),
    "8PSK": (0, 0, -1),
    "16QAM": (0, -0.68, -0.68),
    "64QAM": (0, -0.619, -0.619),
}


@pytest.mark.parametrize("name", CUMULANTS)
def test_cumulants_of_the_alphabet_are_those_of_the_textbook(name):
    """Swami and Sadler, IEEE Trans. Communications 48 (2000), table I."""
    s = MODULATIONS[name].alphabet.astype(complex)
    c20 = np.mean(s**2)
    c40 = np.mean(s**4) - 3 * c20**2
    c42 = np.mean(np.abs(s) ** 4) - abs(c20) ** 2 - 2 * np.mean(np.abs(s) ** 2) ** 2
    # printed with three to four digits
    np.testing.assert_allclose([c20, c40, c42], CUMULANTS[name], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "distance"),
    [
        ("QPSK", 1.41421),
        ("OQPSK", 1.41421),
        ("8PSK", 0.76537),
        ("16QAM", 0.63246),
        ("64QAM", 0.30861),
    ],
)
def test_the_smallest_distance_is_that_of_the_textbook(name, distance):
    points = MODULATIONS[name].alphabet.astype(complex)
    apart = np.abs(points[:, None] - points)[~np.eye(len(points), dtype=bool)]
    assert apart.min() == pytest.approx(distance, abs=1e-5)  # as printed


@pytest.mark.parametrize(
    ("name", "modulation_index", "bt"),
    [("CPFSK", 0.5, np.inf), ("GFSK", 0.35, 0.5), ("GMSK", 0.5, 0.3)],
)
def test_continuous_phases_have_the_parameters_of_their_standards(name, modulation_index, bt):
    assert MODULATIONS[name].modulation_index == modulation_index
    assert MODULATIONS[name].bt == bt


# --- edges


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("QAM16", "16QAM"),
        ("16-qam", "16QAM"),
        ("qam_64", "64QAM"),
        ("2ASK", "OOK"),
        ("ASK2", "OOK"),
        ("ook", "OOK"),
        ("PAM4", "4PAM"),
        ("4 ask", "4ASK"),
        ("PSK8", "8PSK"),
        ("gmsk", "GMSK"),
    ],
)
def test_names_of_public_data_sets_are_understood(written, name):
    assert find_modulation(written).name == name


@pytest.mark.parametrize(
    ("written", "answer"),
    [("8PKS", "8PSK"), ("QPSKK", "QPSK"), ("32QAM", "16QAM"), ("GMKS", "GMSK")],
)
def test_an_unknown_name_is_answered_with_the_nearest(written, answer):
    with pytest.raises(RecipeError, match=rf"{written}.*did you mean .*{answer}"):
        find_modulation(written)


@pytest.mark.parametrize("written", ["", "???", "wideband"])
def test_a_name_near_to_nothing_is_answered_with_all_of_them(written):
    with pytest.raises(RecipeError, match=r"known: .*OOK.*GMSK"):
        find_modulation(written)


def test_equal_laws_are_found_under_any_spelling():
    assert equal_laws(["qpsk", "OOK", "dqpsk"]) == [("QPSK", "DQPSK")]
    assert equal_laws(["OOK", "DQPSK", "OQPSK", "GMSK"]) == []
    assert equal_laws([]) == []
