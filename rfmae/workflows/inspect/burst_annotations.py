"""Bursts as annotations of SigMF: fields of the standard, of its `signal` extension, and ours."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.captures.record import Annotation, Capture
from rfmae.captures.sigmf_annotating import Finding, write_annotated
from rfmae.errors import RecipeError
from rfmae.signal.blind.spectrum import Estimate
from rfmae.signal.modulations import Family, Modulation, find_modulation

SUFFIX = "-bursts"
"""What the name of the new metadata has behind that of the recording."""


def annotate(capture: Capture, answer: RecordingAnswer, target: Path) -> Path:
    """Write new metadata with an annotation for each burst; the recording's own stay."""
    half = answer.sample_rate_hz / 2
    return write_annotated(capture, [_finding(burst, half) for burst in answer.bursts], target)


def _finding(burst: BurstAnswer, half_hz: float) -> Finding:
    low_hz, high_hz = burst.edges_hz
    mark = Annotation(
        burst.start,
        burst.stop - burst.start,
        label=burst.modulation,
        low_hz=max(low_hz, -half_hz),
        high_hz=min(high_hz, half_hz),
        comment=_comment(burst),
    )
    fields: dict[str, Any] = {"rfmae:probability": round(burst.probability, 6)}
    if math.isfinite(burst.snr_db):
        fields["rfmae:snr_db"] = round(burst.snr_db, 3)
    if not burst.is_known:
        fields["rfmae:best"] = burst.best
    detail = signal_detail(burst.modulation)
    return Finding(mark, fields | ({"signal:detail": detail} if detail else {}))


def _comment(burst: BurstAnswer) -> str:
    """What was measured, as `name=value` with the standard error in brackets, and the reasons."""
    measured = {
        "symbol_rate": burst.symbol_rate_hz,
        "carrier_offset_hz": burst.carrier_hz,
        "roll_off": burst.roll_off,
        "es_n0_db": burst.symbol_snr_db,
    }
    said = [_stated(name, value) for name, value in measured.items() if value is not None]
    return "; ".join([" ".join(said), *burst.reasons]).strip("; ")


def _stated(name: str, estimate: Estimate) -> str:
    error = estimate.standard_error
    known = f" (±{error:.2g})" if 0 < error < math.inf else ""
    return f"{name}={estimate.value:.10g}{known}"


def signal_detail(name: str) -> dict[str, Any]:
    """The `signal:detail` of a modulation (SigMF extension `signal` 1.0.0, section 3.1).

    It is empty where the extension has no word for it, and holds what is common to the members of a
    class of several, such as GMSK/MSK.
    """
    if name == "OFDM":
        return _OFDM
    try:
        modulation = find_modulation(name)
    except RecipeError:
        parts = [signal_detail(part) for part in name.split("/")] if "/" in name else [{}]
        return {word: value for word, value in parts[0].items() if _in_all(parts, word, value)}
    if modulation.family == "noise":
        return {}
    if modulation.family == "analog":
        return {"type": "analog"} | _ANALOG.get(modulation.name, {})
    detail: dict[str, Any] = {"type": "digital"} | _digital_class(modulation)
    if modulation.family == "ofdm":
        return detail | _OFDM
    return detail | {"order": modulation.order} | _VARIANTS.get(modulation.family, {})


def _in_all(parts: Sequence[dict[str, Any]], word: str, value: Any) -> bool:
    return all(part.get(word) == value for part in parts)


_OFDM = {"type": "digital", "carrier_variant": "multi_carrier", "multiplexing": "ofdm"}
_ANALOG: dict[str, dict[str, str]] = {
    "AM-DSB-SC": {"mod_class": "dsb", "carrier_variant": "suppressed_carrier"},
    "AM-DSB-WC": {"mod_class": "am", "carrier_variant": "with_carrier"},
    "AM-SSB-SC": {"mod_class": "ssb", "carrier_variant": "suppressed_carrier"},
    "AM-LSB": {"mod_class": "ssb", "carrier_variant": "suppressed_carrier"},
    "AM-SSB-WC": {"mod_class": "ssb", "carrier_variant": "with_carrier"},
    "WBFM": {"mod_class": "fm"},
    "NBFM": {"mod_class": "fm"},
}
_VARIANTS: dict[Family, dict[str, str]] = {
    "differential": {"symbol_variant": "differential"},
    "offset": {"symbol_variant": "offset"},
}
_ENDINGS = (
    *(("OOK", "ook"), ("PSK", "psk"), ("QAM", "qam"), ("MSK", "msk")),
    *(("FSK", "fsk"), ("ASK", "ask"), ("PAM", "ask")),
)


def _digital_class(modulation: Modulation) -> dict[str, str]:
    """The class by the end of a name, and the name where it says more than class and order."""
    found = next((word for ending, word in _ENDINGS if modulation.name.endswith(ending)), "")
    if modulation.name.endswith("APSK"):
        found = "qam"  # amplitude and phase: the extension has no word of its own
    plain = modulation.name in (f"{modulation.order}{found.upper()}", "OOK", "BPSK", "QPSK", "MSK")
    variant = {} if plain else {"class_variant": modulation.name}
    return ({"mod_class": found} if found else {}) | variant
