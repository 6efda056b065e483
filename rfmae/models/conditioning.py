"""Feature-wise modulation: features scaled and shifted by scalars such as an SNR."""

from torch import Tensor, nn

from rfmae.models.patches import PatchGrid

_HIDDEN = 32


class FeatureModulation(nn.Module):
    """Feature-wise linear modulation (FiLM): Perez et al., AAAI 2018.

    A perceptron computes a scale and a shift for each feature from the scalars of an example. Where
    its last layer is zero, as before training, features are unchanged.
    """

    def __init__(self, scalars: int, features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(scalars, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 2 * features)

    def forward(self, features: Tensor, scalars: Tensor) -> Tensor:
        """Features (N, F, ...), each scaled and shifted by scalars (N, count)."""
        modulation = self.out(nn.functional.gelu(self.hidden(scalars)))
        scale, shift = modulation.unflatten(1, (2, -1, *[1] * (features.ndim - 2))).unbind(1)
        return features * (1 + scale) + shift


def scaled_scalar(grid: PatchGrid, values: Tensor) -> Tensor:
    """A standardised scalar (N, 1) of each example (N, 1, 1)."""
    grid.check(values)
    column = values.flatten(1)
    return (column - grid.mean[0]) / grid.deviation[0] if grid.mean else column
