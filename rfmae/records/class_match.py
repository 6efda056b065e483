"""The classes of a data set against those of a model."""

from dataclasses import dataclass, replace
from typing import Self

from rfmae.errors import ShapeError


@dataclass(frozen=True, slots=True)
class ClassMatch:
    """Which classes of a data set are which of a model's.

    `pairs` are the classes that both have, the name of the data set first, in its order.
    """

    data: tuple[str, ...]
    model: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        ours, theirs = (tuple(pair[side] for pair in self.pairs) for side in (0, 1))
        for names, known in ((ours, self.data), (theirs, self.model)):
            if len(set(names)) < len(names) or not set(names) <= set(known):
                raise ShapeError(
                    f"matched classes must be some of {', '.join(known)}, each once, "
                    f"got {', '.join(names)}"
                )

    @classmethod
    def same(cls, classes: tuple[str, ...]) -> Self:
        """That of a model of exactly the classes of the data set."""
        return cls(classes, classes, tuple((name, name) for name in classes))

    @property
    def common(self) -> tuple[str, ...]:
        """Classes that both have, by the names of the data set."""
        return tuple(ours for ours, _ in self.pairs)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Classes of the data set that the model never learnt."""
        return tuple(name for name in self.data if name not in self.common)

    @property
    def absent(self) -> tuple[str, ...]:
        """Classes of the model that the data set does not hold; it may answer them all the same."""
        theirs = {theirs for _, theirs in self.pairs}
        return tuple(name for name in self.model if name not in theirs)

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of different names."""
        return tuple(pair for pair in self.pairs if pair[0] != pair[1])

    @property
    def is_whole(self) -> bool:
        """Whether both have the same classes, in whatever order and spelling."""
        return not self.unknown and not self.absent

    @property
    def columns(self) -> tuple[int | None, ...]:
        """The model's class of each column of its answers on the data set.

        Columns are all classes of the data set in its order, None where the model does not know
        one, and then the model's other classes.
        """
        theirs = dict(self.pairs)
        names = [*(theirs.get(name) for name in self.data), *self.absent]
        return tuple(None if name is None else self.model.index(name) for name in names)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The name of each of these columns."""
        return (*self.data, *self.absent)

    def without_absent(self) -> Self:
        """The same for a model whose answers are limited to the common classes."""
        theirs = {theirs for _, theirs in self.pairs}
        return replace(self, model=tuple(name for name in self.model if name in theirs))
