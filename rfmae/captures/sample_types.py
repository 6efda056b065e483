"""Sample types of recordings: their names, aliases and decoding to float."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.errors import CaptureError, nearest
from rfmae.records import FloatArray


@dataclass(frozen=True, slots=True)
class SampleType:
    """One part, I or Q, of a sample: its numpy type, its zero and its full scale."""

    name: str
    component: str
    full_scale: float = 1.0
    zero: float = 0.0

    @property
    def n_bytes(self) -> int:
        """Bytes of a complex sample."""
        return 2 * np.dtype(self.component).itemsize


SAMPLE_TYPES: dict[str, SampleType] = {
    kind.name: kind
    for kind in (
        SampleType("cf32_le", "<f4"),
        SampleType("cf32_be", ">f4"),
        SampleType("cf64_le", "<f8"),
        SampleType("cf64_be", ">f8"),
        SampleType("ci16_le", "<i2", full_scale=32768.0),
        SampleType("ci16_be", ">i2", full_scale=32768.0),
        SampleType("ci8", "i1", full_scale=128.0),
        # the zero of the sigmf package, 128, not the 127.5 midway between 0 and 255
        SampleType("cu8", "u1", full_scale=128.0, zero=128.0),
    )
}
"""The sample types that can be read, by their names in SigMF."""

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
}
"""Other names of the types, from GNU Radio, SoapySDR, UHD and numpy."""

SUFFIXES: dict[str, str] = {
    **{f".{name}": datatype for name, datatype in ALIASES.items() if "complex" not in name},
    ".ci8": "ci8",
    ".cu8": "cu8",
    # those of the Universal Radio Hacker
    ".complex": "cf32_le",
    ".complex16s": "ci8",
    ".complex16u": "cu8",
    ".complex32s": "ci16_le",
}
"""The type by a suffix that names one; an explicit type takes precedence."""


def sample_type(name: str) -> SampleType:
    """The sample type of a SigMF name or of one of its aliases, ignoring case."""
    wanted = name.strip().lower()
    wanted = ALIASES.get(wanted, wanted)
    if wanted not in SAMPLE_TYPES:
        known = [*SAMPLE_TYPES, *ALIASES]
        raise CaptureError(f"unknown datatype {name!r}; {nearest(name, known)}")
    return SAMPLE_TYPES[wanted]


def decode(components: npt.NDArray[Any], kind: SampleType, out: FloatArray) -> None:
    """Convert I, Q, I, Q, ... (2N,) of a file to single precision in `out`, full scale at ±1."""
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # beyond float32 is infinite, which a capture refuses
        np.copyto(out, components, casting="unsafe")
    if kind.full_scale != 1.0:
        out -= kind.zero
        out /= kind.full_scale
