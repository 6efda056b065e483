"""What the blind receiver is told, and what it found."""

import math
from dataclasses import dataclass
from typing import Literal

from rfmae.errors import CaptureError
from rfmae.records import ComplexArray
from rfmae.signal.blind.lines import Line
from rfmae.signal.blind.spectrum import LEAST_ROLL_OFF, Estimate
from rfmae.signal.blind.symbol_rate import HIGHEST_RATE, LOWEST_RATE

Family = Literal["linear", "constant envelope", "none found"]


@dataclass(frozen=True, slots=True)
class Reception:
    """Symbols of a recording, what was estimated of it, and why it may be wrong.

    Estimates are None where nothing was found to measure them on. Frequencies are in Hz, or in
    cycles per sample where no sample rate was given.
    """

    symbols: ComplexArray  # (K,), unit mean power, the carrier phase open; empty without a line
    samples: range  # of the recording, that were received
    family: Family
    line: Line  # at the symbol rate, in symbols per sample
    symbol_rate: Estimate | None
    carrier_offset: Estimate | None
    bandwidth: Estimate | None  # occupied: (1 + roll-off)·symbol rate
    roll_off: Estimate | None
    snr_db: Estimate | None  # Es/N0
    power: int | None  # M of the M-th power with the sharpest carrier line
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def locked(self) -> bool:
        """Whether the symbols are to be trusted."""
        return not self.doubts

    @property
    def estimates(self) -> dict[str, Estimate]:
        """What was estimated, by name with its unit."""
        named = {
            "symbol_rate_hz": self.symbol_rate,
            "carrier_offset_hz": self.carrier_offset,
            "bandwidth_hz": self.bandwidth,
            "roll_off": self.roll_off,
            "snr_db": self.snr_db,
        }
        return {name: estimate for name, estimate in named.items() if estimate is not None}


@dataclass(frozen=True, slots=True)
class ReceiveOptions:
    """What the receiver is told: rates in Hz, of samples and of symbols, and the roll-off.

    A sample rate of 1 leaves frequencies in cycles per sample. `symbol_rate_hz` is searched near,
    within 2 %, and used where nothing is found; `stated_symbol_rate_hz` is what is said of the
    recording: the search begins there, and another rate that is found is a doubt.
    """

    sample_rate_hz: float = 1.0
    symbol_rate_hz: float | None = None
    stated_symbol_rate_hz: float | None = None
    roll_off: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sample_rate_hz) and self.sample_rate_hz > 0):
            raise CaptureError(
                f"the sample rate must be finite and above 0 Hz, got {self.sample_rate_hz:g}"
            )
        low, high = LOWEST_RATE * self.sample_rate_hz, HIGHEST_RATE * self.sample_rate_hz
        if self.symbol_rate_hz is not None and not low <= self.symbol_rate_hz <= high:
            raise CaptureError(
                f"the symbol rate must lie between {LOWEST_RATE:g} and {HIGHEST_RATE:g} of the "
                f"sample rate, {low:,.6g} to {high:,.6g} Bd, got {self.symbol_rate_hz:g}"
            )
        if self.roll_off is not None and not LEAST_ROLL_OFF <= self.roll_off <= 1:
            raise CaptureError(
                f"the roll-off must lie between {LEAST_ROLL_OFF:g} and 1, got {self.roll_off:g}"
            )

    @property
    def start(self) -> float | None:
        """Where the search for the symbol rate begins, in symbols per sample."""
        given = self.symbol_rate_hz or self.stated_symbol_rate_hz
        return None if given is None else given / self.sample_rate_hz


BLIND = ReceiveOptions()
