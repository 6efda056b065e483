"""The SNR that classes of a data set have at what it states."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassSnr:
    """Measured Es/N0 less the SNR of the label in dB, of the classes of which it can be measured.

    What the label refers to is unknown, so that differences between classes count alone. `bits` are
    those of a symbol of each class; `unmeasured` says why the other classes have no value.
    """

    above_label_db: dict[str, float]
    bits: dict[str, int]
    unmeasured: dict[str, str]
