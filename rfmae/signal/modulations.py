"""The table of modulations: each name with its family, alphabet and settings.

ASK is unipolar and PAM bipolar, the convention of komm and of MATLAB's `pammod`: 4ASK sends the
amplitudes 0, 1, 2, 3 and 4PAM the amplitudes −3, −1, 1, 3 (each scaled to unit mean power).
Some public data sets swap the two names or use both for the same alphabet.
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError, nearest
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.alphabets import (
    apsk,
    bipolar_pam,
    cross_qam,
    psk,
    square_qam,
    unipolar_ask,
)
from rfmae.signal.settings import (
    Analog,
    ContinuousPhase,
    NoSettings,
    Rings,
    Settings,
    Subcarriers,
    check_kind,
)

Family = Literal[
    "memoryless", "rotating", "differential", "offset", "phase", "analog", "ofdm", "noise"
]
"""How symbols become a waveform: point by point, on a rotating alphabet, by phase steps, with Q
half a symbol late, as a continuous phase; or an analog message, sub-carriers, noise alone."""


@dataclass(frozen=True)
class Modulation:
    """One row of the table.

    `points[i]` is sent for symbol index i, whose bits (most significant first) are the Gray label
    of the point; mean power is one. A differential modulation turns by `points[i]`, a rotating one
    turns its alphabet by `turn_per_symbol`, OFDM sends its points on sub-carriers. `settings` hold
    what a recipe may change.
    """

    name: str
    family: Family
    bits_per_symbol: int = 0
    points: tuple[complex, ...] = ()
    turn_per_symbol: float = 0.0
    settings: Settings = field(default_factory=NoSettings)
    aliases: tuple[str, ...] = ()
    sends_same_signal_as: str = ""  # another row of the same signals, for i.i.d. symbols

    def __str__(self) -> str:
        return self.name

    @property
    def order(self) -> int:
        return 1 << self.bits_per_symbol

    @cached_property
    def alphabet(self) -> ComplexArray:
        """The points as an array, shape (order,)."""
        return np.array(self.points, np.complex64)

    @cached_property
    def levels(self) -> FloatArray:
        """The level of each index of a continuous phase, −(M−1) to M−1 in Gray order."""
        return np.rint(bipolar_pam(self.order).real * math.sqrt((self.order**2 - 1) / 3))

    @property
    def continuous_phase(self) -> ContinuousPhase:
        if not isinstance(self.settings, ContinuousPhase):
            raise RecipeError(f"{self.name} has no continuous phase")
        return self.settings

    @property
    def is_digital(self) -> bool:
        return self.bits_per_symbol > 0

    @property
    def carrier_power(self) -> float:
        """Power of the mean of the points, a carrier line that OOK and ASK have."""
        return float(abs(np.mean(self.points)) ** 2)

    @property
    def bits_per_interval(self) -> float:
        """Mean bits per symbol interval; for OFDM an interval is a chip."""
        if isinstance(self.settings, Subcarriers):
            chips = self.settings.fft_size + self.settings.cyclic_prefix
            return self.bits_per_symbol * self.settings.active / chips
        return float(self.bits_per_symbol)

    @property
    def least_samples_per_symbol(self) -> float:
        """The rate below which the spectrum aliases or half a symbol is between samples."""
        if isinstance(self.settings, ContinuousPhase):
            return (self.order - 1) * self.settings.modulation_index + 1
        if isinstance(self.settings, Analog):
            deviation = self.settings.modulation_index if self.settings.kind == "frequency" else 0
            return 2 * self.settings.bandwidth_per_symbol * (1 + 3 * deviation)
        return 2.0 if self.family == "offset" else 1.0

    def with_settings(self, values: Mapping[str, Any]) -> "Modulation":
        """The same modulation with some settings changed."""
        known = {item.name: item for item in dataclasses.fields(self.settings)}
        known.pop("kind", None)
        for name, value in values.items():
            if name not in known:
                legal = nearest(name, known) if known else "it has none"
                raise RecipeError(f"{self.name} has no setting {name!r}; {legal}")
            check_kind(f"{name} of {self.name}", value, getattr(self.settings, name))
        settings = dataclasses.replace(self.settings, **values)
        if settings == self.settings:
            return self
        points = self.points
        if isinstance(settings, Rings):
            points = _as_tuple(apsk(self.order, settings.ring_ratios))
        # other settings are another distribution
        return dataclasses.replace(self, settings=settings, points=points, sends_same_signal_as="")


def _as_tuple(points: npt.NDArray[np.complex128]) -> tuple[complex, ...]:
    return tuple(complex(point) for point in points)


def _bits(order: int) -> int:
    return order.bit_length() - 1


def _ask(order: int, name: str = "", aliases: tuple[str, ...] = ()) -> Modulation:
    points = _as_tuple(unipolar_ask(order))
    names = (*aliases, f"ASK{order}")
    return Modulation(name or f"{order}ASK", "memoryless", _bits(order), points, aliases=names)


def _pam(order: int) -> Modulation:
    points = _as_tuple(bipolar_pam(order))
    names = (f"PAM{order}", f"{order}-level PAM")
    return Modulation(f"{order}PAM", "memoryless", _bits(order), points, aliases=names)


def _psk(
    order: int,
    name: str,
    family: Family = "memoryless",
    *,
    turn: float = 0.0,
    turn_per_symbol: float = 0.0,
    aliases: tuple[str, ...] = (),
    sends_same_signal_as: str = "",
) -> Modulation:
    """Phase-shift keying whose first point is `turn` turns above the I axis."""
    points = _as_tuple(psk(order, turn))
    return Modulation(
        name,
        family,
        _bits(order),
        points,
        turn_per_symbol,
        aliases=aliases,
        sends_same_signal_as=sends_same_signal_as,
    )


def _plain_psk(order: int) -> Modulation:
    return _psk(order, f"{order}PSK", aliases=(f"PSK{order}",))


def _qam(order: int) -> Modulation:
    cross = _bits(order) % 2
    points = _as_tuple(cross_qam(order) if cross else square_qam(order))
    names = (f"QAM{order}", *((f"{order}QAM cross", f"{order}QAMx") if cross else ()))
    return Modulation(f"{order}QAM", "memoryless", _bits(order), points, aliases=names)


def _apsk(order: int) -> Modulation:
    points = _as_tuple(apsk(order))
    return Modulation(
        f"{order}APSK",
        "memoryless",
        _bits(order),
        points,
        settings=Rings(),
        aliases=(f"APSK{order}",),
    )


def _cpm(
    name: str,
    order: int,
    settings: ContinuousPhase,
    aliases: tuple[str, ...] = (),
    sends_same_signal_as: str = "",
) -> Modulation:
    return Modulation(
        name,
        "phase",
        _bits(order),
        settings=settings,
        aliases=aliases,
        sends_same_signal_as=sends_same_signal_as,
    )


def _ofdm(name: str, points: npt.NDArray[np.complex128]) -> Modulation:
    return Modulation(
        f"OFDM-{name}", "ofdm", _bits(len(points)), _as_tuple(points), settings=Subcarriers()
    )


def _analog(name: str, settings: Analog, *aliases: str) -> Modulation:
    return Modulation(name, "analog", settings=settings, aliases=aliases)


MODULATIONS: dict[str, Modulation] = {
    row.name: row
    for row in (
        _ask(2, "OOK", ("2ASK",)),
        *(_ask(order) for order in (4, 8, 16)),
        *(_pam(order) for order in (4, 8, 16)),
        _psk(2, "BPSK", aliases=("2PSK", "PSK2", "2PAM", "PAM2")),
        _psk(4, "QPSK", turn=1 / 8, aliases=("4PSK", "PSK4", "4QAM", "QAM4")),
        *(_plain_psk(order) for order in (8, 16, 32, 64)),
        _psk(2, "π/2-BPSK", "rotating", turn_per_symbol=1 / 4, aliases=("pi/2-BPSK", "PI2BPSK")),
        _psk(2, "DBPSK", "differential", sends_same_signal_as="BPSK", aliases=("2DPSK", "DPSK")),
        _psk(4, "DQPSK", "differential", sends_same_signal_as="QPSK", aliases=("4DPSK",)),
        _psk(8, "D8PSK", "differential", sends_same_signal_as="8PSK", aliases=("8DPSK",)),
        _psk(
            4,
            "π/4-DQPSK",
            "differential",
            turn=1 / 8,
            aliases=("pi/4-DQPSK", "PI4DQPSK", "pi/4-QPSK", "π/4-QPSK"),
        ),
        _psk(4, "OQPSK", "offset", turn=1 / 8, aliases=("SQPSK",)),
        *(_qam(order) for order in (16, 32, 64, 128, 256, 1024)),
        *(_apsk(order) for order in (16, 32, 64, 128)),
        _cpm("2FSK", 2, ContinuousPhase(1.0), aliases=("BFSK", "FSK2", "FSK")),
        _cpm("4FSK", 4, ContinuousPhase(1.0), aliases=("FSK4",)),
        _cpm("8FSK", 8, ContinuousPhase(1.0), aliases=("FSK8",)),
        _cpm("MSK", 2, ContinuousPhase(0.5), aliases=("2MSK", "FFSK")),
        _cpm("CPFSK", 2, ContinuousPhase(0.5), sends_same_signal_as="MSK"),
        _cpm("GFSK", 2, ContinuousPhase(0.35, bt=0.5, pulse_symbols=5), aliases=("2GFSK",)),
        _cpm("GMSK", 2, ContinuousPhase(0.5, bt=0.3, pulse_symbols=5), aliases=("2GMSK",)),
        _analog("AM-DSB-SC", Analog("double-sideband", 0.4), "DSB-SC", "DSB", "AM-DSBSC", "DSB-AM"),
        _analog("AM-DSB-WC", Analog("double-sideband", 0.4, 0.8), "AM-DSB", "AM", "DSB-WC"),
        _analog(
            "AM-SSB-SC", Analog("upper-sideband", 0.4), "AM-SSB", "SSB", "SSB-AM", "AM-USB", "USB"
        ),
        _analog("AM-LSB", Analog("lower-sideband", 0.4), "LSB"),
        _analog("AM-SSB-WC", Analog("upper-sideband", 0.4, 0.8), "SSB-WC"),
        _analog("WBFM", Analog("frequency", 0.08, 1.7), "B-FM", "FM", "WFM"),
        _analog("NBFM", Analog("frequency", 0.25, 0.25), "NFM"),
        _ofdm("QPSK", psk(4, 1 / 8)),
        _ofdm("16QAM", square_qam(16)),
        _ofdm("64QAM", square_qam(64)),
        Modulation("NOISE", "noise", aliases=("AWGN", "noise only", "none")),
    )
}
"""Every modulation that can be synthesised, by its name.

2FSK, 4FSK and 8FSK have index 1 (tones a symbol rate apart) and a continuous phase. CPFSK is binary
with index 0.5 and a rectangular pulse, which makes it MSK; GFSK has the index 0.35 and BT 0.5 of
Bluetooth; GMSK has index 0.5 and BT 0.3 as in GSM; both Gaussian pulses last five symbols. D8PSK,
DQPSK and DBPSK code their bits as phase steps, but with independent bits those are the same signals
as 8PSK, QPSK and BPSK, indistinguishable for any receiver. 2PAM is BPSK, 2ASK is OOK and 4QAM is
QPSK.
"""


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper().replace("Π", "PI"))


_BY_PLAIN_NAME = {
    _plain(name): row for row in MODULATIONS.values() for name in (row.name, *row.aliases)
}


def find_modulation(name: str) -> Modulation:
    """The row of a name or alias, ignoring case and punctuation.

    >>> find_modulation("qam-16").name
    '16QAM'
    """
    try:
        return _BY_PLAIN_NAME[_plain(name)]
    except KeyError:
        raise RecipeError(f"unknown modulation {name!r}; {nearest(name, MODULATIONS)}") from None


def identical_classes(rows: Iterable[Modulation]) -> list[tuple[str, ...]]:
    """Groups of names in a class list that send the same signals and are indistinguishable."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.sends_same_signal_as or row.name, []).append(row.name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def nearest_indices(symbols: ComplexArray, points: ComplexArray) -> IntArray:
    """Index of the closest point for every symbol."""
    return np.abs(symbols[..., None] - points).argmin(axis=-1)
