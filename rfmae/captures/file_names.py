"""What the name of a raw recording states of it, in the forms that programs write.

| program | name | states |
| --- | --- | --- |
| rtl_433 | `g001_433.92M_250k.cu8` | centre, rate |
| gqrx | `gqrx_20231014_123456_433920000_1800000_fc.raw` | centre, rate, cf32 |
| URH | `Signal-20180101_120000-433_92MHz-2MSps-2MHz.complex` | centre, rate |
| SDR#, SDR++ | `…_162025kHz_IQ.wav`, `baseband_433920000Hz_….wav` | centre |
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

_FACTOR = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_NUMBER = r"\d+(?:\.\d+)?"


@dataclass(frozen=True, slots=True)
class Named:
    """What a name states: nan and an empty text where it states nothing."""

    program: str
    centre_hz: float = math.nan
    rate_hz: float = math.nan
    datatype: str = ""


def stated_by_name(path: Path) -> Named | None:
    """What the name of a recording states, if it has the form of a program that is known."""
    for program, (form, datatype) in _FORMS.items():
        found = form.search(path.name)
        if found is not None:
            parts = found.groupdict()
            return Named(
                program,
                _hertz(parts.get("centre"), parts.get("centre_unit")),
                _hertz(parts.get("rate"), parts.get("rate_unit")),
                datatype,
            )
    return None


_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "rtl_433": (
        re.compile(
            rf"^g\d+_(?P<centre>{_NUMBER})(?P<centre_unit>[kMG])_"
            rf"(?P<rate>{_NUMBER})(?P<rate_unit>[kM])\.\w+$"
        ),
        "",
    ),
    "gqrx": (
        re.compile(r"^gqrx_\d{8}_\d{6}_(?P<centre>\d+)_(?P<rate>\d+)_fc\.raw$"),
        "cf32_le",
    ),
    "URH": (
        re.compile(
            r"-(?P<centre>\d+(?:_\d+)?)(?P<centre_unit>[kMG]?)Hz-"
            r"(?P<rate>\d+(?:_\d+)?)(?P<rate_unit>[kMG]?)Sps-.*\.complex\w*$"
        ),
        "",
    ),
    "SDR#": (re.compile(r"_(?P<centre>\d+)(?P<centre_unit>k)Hz_IQ\.\w+$"), ""),
    "SDR++": (re.compile(r"^baseband_(?P<centre>\d+)Hz_.*\.\w+$"), ""),
}
"""The form of a name by the program that writes it, and the sample type that it implies."""


def _hertz(number: str | None, unit: str | None) -> float:
    if number is None:
        return math.nan
    return float(number.replace("_", ".")) * _FACTOR[unit or ""]
