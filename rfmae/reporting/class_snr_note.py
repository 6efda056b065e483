"""Whether a stated SNR means the same for all classes, in words."""

from collections import Counter
from collections.abc import Mapping

from rfmae.records import ClassSnr
from rfmae.units import ratio_to_db

UNEQUAL_DB = 3.0
"""Between two classes at one label; estimates of equal ones differ by less than 1 dB."""


def class_snr_note(found: ClassSnr) -> str:
    """A warning where classes differ at one label, or why nobody can say; else empty."""
    above = found.above_label_db
    if len(above) < 2:
        return f"Whether the stated SNR means the same for every class is not known{_why(found)}."
    if _spread(above) < UNEQUAL_DB:
        return ""
    per_bit = {name: value - float(ratio_to_db(found.bits[name])) for name, value in above.items()}
    if _spread(per_bit) < UNEQUAL_DB:
        return (
            "Measured Es/N0 differs between classes at one stated SNR as their bits per symbol do: "
            "the labels seem to be Eb/N0."
        )
    high, low = max(above, key=lambda name: above[name]), min(above, key=lambda name: above[name])
    left = f" Not measured: {', '.join(found.unmeasured)}." if found.unmeasured else ""
    return (
        f"WARNING: at one stated SNR the classes differ: {high} has an Es/N0 {_spread(above):.1f} "
        f"dB above that of {low}, so accuracy per SNR compares unequal signals.{left}"
    )


def _why(found: ClassSnr) -> str:
    """The reason that holds for most classes, with one of them."""
    if not found.unmeasured:
        return ""
    reason, count = Counter(found.unmeasured.values()).most_common(1)[0]
    name = next(name for name, why in found.unmeasured.items() if why == reason)
    others = f" and {count - 1} more" if count > 1 else ""
    return f": it cannot be measured of {name}{others}, since {reason}"


def _spread(values: Mapping[str, float]) -> float:
    return max(values.values()) - min(values.values())
