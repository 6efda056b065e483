"""Features that are scaled and shifted as scalars beside them ask for, such as an SNR."""

from torch import Tensor, nn

from rfmae.models.patches import PatchGrid

_HIDDEN = 32


class FeatureModulation(nn.Module):
    """Feature-wise linear modulation (FiLM): Perez et al., AAAI 2018.

    A perceptron makes of the scalars of an example a scale and a shift for each feature. Where its
    last layer is nothing, as before training, features stay as they are.
    """

    def __init__(self, scalars: int, features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(scalars, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 2 * features)

    def forward(self, features: Tensor, scalars: Tensor) -> Tensor:
        """Features (N, F, ...), each scaled and shifted by scalars (N, count)."""
        said = self.out(nn.functional.gelu(self.hidden(scalars)))
        scale, shift = said.unflatten(1, (2, -1, *[1] * (features.ndim - 2))).unbind(1)
        return features * (1 + scale) + shift


def scaled_scalar(grid: PatchGrid, values: Tensor) -> Tensor:
    """A number of each example (N, 1, 1) in units of its deviation, (N, 1)."""
    grid.check(values)
    column = values.flatten(1)
    return (column - grid.mean[0]) / grid.deviation[0] if grid.mean else column
