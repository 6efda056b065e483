"""Sample types of recordings: their names, aliases and decoding to float."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.errors import CaptureError, nearest
from rfmae.records import FloatArray


@dataclass(frozen=True, slots=True)
class SampleType:
    """One part, I or Q, of a sample: its numpy type, its zero and its full scale.

    The component "<i3" or ">i3", which numpy has not, is of 24 bits, the upper ones of 32.
    """

    name: str
    component: str
    full_scale: float = 1.0
    zero: float = 0.0

    @property
    def is_real(self) -> bool:
        """Whether a sample is one number, without I and Q."""
        return self.name.startswith("r")

    @property
    def parts(self) -> int:
        """Numbers of a sample: two, I and Q, or one."""
        return 1 if self.is_real else 2

    @property
    def n_bytes(self) -> int:
        """Bytes of a sample."""
        return self.parts * int(self.component[-1])


_COMPONENTS = ("f4", "f8", "i2", "i4", "u2", "u4", "i1", "u1")
_BLOCK = 1 << 20  # numbers in double precision at once
_ORDERS = {"<": "_le", ">": "_be"}


def _types(field: str) -> dict[str, SampleType]:
    """The types of SigMF of complex ("c") or real ("r") samples, by name.

    The zero of unsigned ones is that of the sigmf package, such as 128, not the 127.5 midway
    between 0 and 255.
    """
    found = {}
    for numpy_name in _COMPONENTS:
        letter, n_bits = numpy_name[0], 8 * int(numpy_name[1])
        half = 2.0 ** (n_bits - 1)
        full_scale, zero = (1.0 if letter == "f" else half), (half if letter == "u" else 0.0)
        for order, ending in _ORDERS.items() if n_bits > 8 else (("", ""),):
            name = f"{field}{letter}{n_bits}{ending}"
            found[name] = SampleType(name, f"{order}{numpy_name}", full_scale, zero)
    return found


SAMPLE_TYPES: dict[str, SampleType] = _types("c")
"""The complex sample types that can be read, by their names in SigMF."""

REAL_TYPES: dict[str, SampleType] = _types("r")
"""The real sample types, which are read as their analytic signal."""

DATATYPES: dict[str, int] = {name: kind.n_bytes for name, kind in SAMPLE_TYPES.items()}
"""SigMF data types that can be read, with their bytes per complex sample."""

ALIASES: dict[str, str] = {
    "cf32": "cf32_le",
    "fc32": "cf32_le",
    "cfile": "cf32_le",
    "complex64": "cf32_le",
    "cf64": "cf64_le",
    "fc64": "cf64_le",
    "complex128": "cf64_le",
    "ci16": "ci16_le",
    "cs16": "ci16_le",
    "sc16": "ci16_le",
    "cs8": "ci8",
    "sc8": "ci8",
    "ci32": "ci32_le",
    "cs32": "ci32_le",
    "sc32": "ci32_le",
    "cu16": "cu16_le",
    "cu32": "cu32_le",
}
"""Other names of the types, from GNU Radio, SoapySDR, UHD and numpy."""

SUFFIXES: dict[str, str] = {
    **{f".{name}": datatype for name, datatype in ALIASES.items() if "complex" not in name},
    ".ci8": "ci8",
    ".cu8": "cu8",
    # those of the Universal Radio Hacker, which count the bits of I and Q together
    ".complex": "cf32_le",
    ".complex16s": "ci8",
    ".complex16u": "cu8",
    ".complex32s": "ci16_le",
    ".complex32u": "cu16_le",
    # those of the PortaPack and of inspectrum, which count the bits of I
    ".c16": "ci16_le",
    ".c8": "ci8",
}
"""The type by a suffix that names one; an explicit type takes precedence."""

CONTESTED: dict[str, tuple[str, str]] = {".c32": ("cf32_le", "ci32_le")}
"""Suffixes of two programs for two types: of floats, which values prove, and of whole numbers."""

REAL_SUFFIXES = (".f32", ".f64", ".s16", ".s8", ".u8")
"""Suffixes of real samples in some programs and of I/Q in others, which no values tell apart."""


def sample_type(name: str) -> SampleType:
    """The sample type of a SigMF name or of one of its aliases, ignoring case."""
    wanted = name.strip().lower()
    wanted = ALIASES.get(wanted, wanted)
    found = SAMPLE_TYPES.get(wanted) or REAL_TYPES.get(wanted) or REAL_TYPES.get(f"{wanted}_le")
    if found is None:
        known = [*SAMPLE_TYPES, *ALIASES, *REAL_TYPES]
        raise CaptureError(f"unknown datatype {name!r}; {nearest(name, known)}")
    return found


def decode(components: npt.NDArray[Any], kind: SampleType, out: FloatArray) -> None:
    """Convert I, Q, I, Q, ... of a file to single precision in `out`, full scale at ±1."""
    # beyond float32 is infinite, which a capture refuses
    with np.errstate(over="ignore", invalid="ignore"):
        if kind.component.endswith("u4"):
            _decode_precisely(components, kind, out)
            return
        np.copyto(out, components, casting="unsafe")
    if kind.full_scale != 1.0:
        out -= kind.zero
        out /= kind.full_scale


def widened(triples: npt.NDArray[np.uint8], component: str) -> npt.NDArray[np.int32]:
    """Whole numbers of 24 bits (N, 3) in bytes as the upper ones of 32, (N,)."""
    wide = np.zeros((len(triples), 4), np.uint8)
    big_endian = component.startswith(">")
    wide[:, slice(0, 3) if big_endian else slice(1, 4)] = triples
    return wide.view(">i4" if big_endian else "<i4")[:, 0]


def _decode_precisely(components: npt.NDArray[Any], kind: SampleType, out: FloatArray) -> None:
    """The same where single precision would lose small values beside the zero of 2**31."""
    for first in range(0, len(out), _BLOCK):
        part = components[first : first + _BLOCK].astype(np.float64)
        out[first : first + _BLOCK] = (part - kind.zero) / kind.full_scale
