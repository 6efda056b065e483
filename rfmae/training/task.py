"""The interface of a training task: network, batches, losses and validation."""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn

from rfmae.artefacts import Card
from rfmae.training.processes import Ranks


class Task(Protocol):
    """A network with its batches, its losses and its score on validation.

    Everything random about a batch is drawn from addressed generators for the whole batch of a
    step and then sliced, so that a piece is the same in any division among processes.
    """

    @property
    def network(self) -> nn.Module:
        """The bare network, on its device."""
        ...

    @property
    def examples(self) -> int | None:
        """The number of training examples; none where they never end."""
        ...

    @property
    def score_name(self) -> str:
        """The validation metric that selects the best checkpoint."""
        ...

    @property
    def higher_is_better(self) -> bool: ...

    def batch(self, step: int, microbatch: slice) -> Any:
        """Rows `microbatch` of the batch of a step, ready on the device; called on any thread."""
        ...

    def losses(self, network: nn.Module, batch: Any) -> dict[str, Tensor]:
        """Scalar metrics of a batch, the same names every time, each a mean over its examples.

        `loss` is the one to minimise. `network` is the bare one, perhaps wrapped; nothing here may
        wait for the device.
        """
        ...

    def validation(
        self, network: nn.Module, ranks: Ranks
    ) -> Iterator[tuple[dict[str, Tensor], int]]:
        """Mean metrics and number of examples of this process's parts of the validation split.

        Every process yields as many parts; a part without examples is left out.
        """
        ...

    def images(self, network: nn.Module) -> dict[str, Tensor]:
        """Images (C, H, W) in [0, 1] by title, for a logger."""
        ...

    def card(self) -> Card:
        """The card of a checkpoint of this network."""
        ...
