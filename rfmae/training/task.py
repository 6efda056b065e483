"""What the engine asks of whatever is trained."""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn

from rfmae.artefacts import Card
from rfmae.training.ranks import Ranks


class Task(Protocol):
    """A network, its batches, its losses and its score on validation.

    Everything random about a batch is drawn from addressed generators for the whole batch of a
    step and then cut, so that a piece holds the same examples whoever asks for it.
    """

    @property
    def network(self) -> nn.Module:
        """The bare network, on its device."""
        ...

    @property
    def examples(self) -> int | None:
        """How many there are to train on; none where they never end."""
        ...

    @property
    def score_name(self) -> str:
        """The figure of validation that decides which checkpoint is best."""
        ...

    @property
    def higher_is_better(self) -> bool: ...

    def batch(self, step: int, microbatch: slice) -> Any:
        """Rows `microbatch` of the batch of a step, ready on the device; called on any thread."""
        ...

    def losses(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Scalar figures of a batch, the same every time, each a mean over its examples.

        `loss` is the one to descend. `network` is the bare one, perhaps wrapped; nothing here may
        ask the device for a number.
        """
        ...

    def validation(
        self, network: nn.Module, ranks: Ranks
    ) -> Iterator[tuple[dict[str, Tensor], int]]:
        """Mean figures and number of examples of this process's parts of the validation split.

        Every process yields as many parts; one may be of no example, and is then left out.
        """
        ...

    def images(self, network: nn.Module) -> dict[str, Tensor]:
        """Pictures (C, H, W) in [0, 1] by title, for whoever watches."""
        ...

    def card(self) -> Card:
        """What a checkpoint of this network says of itself."""
        ...
