"""Models on data sets of others: accuracy, and what is lost against the data that each comes from.

A cell is one model on one data set. Its accuracy is of the classes that both have, over all that
the model can answer.
"""

from dataclasses import dataclass, field

from rfmae.errors import ShapeError
from rfmae.records.assessment import Share
from rfmae.records.class_match import ClassMatch


@dataclass(frozen=True, slots=True)
class Drop:
    """The accuracy at home less that elsewhere, on the same classes.

    `low` and `high` are the 95 % bounds of a difference of two independent proportions.
    """

    home: Share
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TransferCell:
    """One model on one data set; without an accuracy `why` says what hindered it."""

    model: str
    data: str
    is_home: bool  # whether the model was trained on this data set
    match: ClassMatch | None = None
    accuracy: Share | None = None
    unknown_accepted: Share | None = None  # of the examples of classes that it never learnt
    drop: Drop | None = None
    differences: tuple[str, ...] = ()  # of lengths, rates, images and SNRs, in words
    why: str = ""

    def __post_init__(self) -> None:
        if (self.accuracy is None) != bool(self.why) or (self.accuracy and self.match is None):
            raise ShapeError(
                f"a cell must have an accuracy and matched classes, or say why not, got {self}"
            )


@dataclass(frozen=True, slots=True)
class Transfer:
    """A matrix of models and data sets, a cell for each pair."""

    models: tuple[str, ...]
    data: tuple[str, ...]
    cells: tuple[TransferCell, ...]  # data set by data set
    homes: dict[str, str] = field(default_factory=dict)  # of each model, in words

    def __post_init__(self) -> None:
        expected = [(data, model) for data in self.data for model in self.models]
        found = [(cell.data, cell.model) for cell in self.cells]
        if found != expected:
            raise ShapeError(f"a transfer must have the cells {expected}, got {found}")

    def of(self, data: str) -> tuple[TransferCell, ...]:
        """The cells of a data set, a model each."""
        return tuple(cell for cell in self.cells if cell.data == data)
