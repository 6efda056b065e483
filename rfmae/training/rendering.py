"""Rendering of I/Q to network inputs, batch by batch, on the device that trains."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Protocol

import torch
from torch import Tensor

from rfmae.imaging.network_inputs import contents, rendered
from rfmae.records import (
    ImageConfig,
    Modality,
    View,
    Views,
    check_modalities,
    needed_views,
    snr_view,
)
from rfmae.signal.snr_estimation import SnrEstimator

_TOGETHER_ON_CPU = 64
_TOGETHER_ON_GPU = 128


class Described(Protocol):
    """A source that describes how its examples are observed and rendered: a recipe or data set."""

    @property
    def image(self) -> ImageConfig: ...

    @property
    def modalities(self) -> tuple[Modality, ...]: ...

    @property
    def views(self) -> tuple[View, ...]: ...

    @property
    def any_phase(self) -> bool: ...

    def samples(self, view: View, /) -> int: ...

    def samples_per_symbol(self, view: View, /) -> float: ...

    def snr_estimator(self, view: View, /) -> SnrEstimator: ...


@dataclass(frozen=True, slots=True)
class InputRenderer:
    """Renders the parts of the examples of one source, each part once."""

    parts: tuple[Modality, ...]
    image: ImageConfig
    samples: Mapping[View, int]  # of the views that the parts need
    samples_per_symbol: float
    device: torch.device
    snr_estimator: SnrEstimator | None = None  # where the SNR is one of the parts

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(self.samples)

    @property
    def needs_clean(self) -> bool:
        """Whether any part is rendered from the clean twin."""
        return any(part.needs_clean for part in self.parts)

    @property
    def values(self) -> int:
        """Numbers in all parts of one example."""
        return sum(prod(part.shape(self.image, self.samples)) for part in self.parts)

    def empty_parts(
        self, examples: int, dtype: torch.dtype = torch.float32, *, device: torch.device
    ) -> dict[Modality, Tensor]:
        """Uninitialised tensors of each part, (N, C, H, W) or (N, 2, T), for `fill`."""
        shapes = {part: part.shape(self.image, self.samples) for part in self.parts}
        return {
            part: torch.empty((examples, *shape), dtype=dtype, device=device)
            for part, shape in shapes.items()
        }

    def parts_of(
        self, observed: Views, clean: Views, dtype: torch.dtype = torch.float32
    ) -> dict[Modality, Tensor]:
        """All parts of examples (N, T), on the device."""
        parts = self.empty_parts(len(next(iter(observed.values()))), dtype, device=self.device)
        self.fill(parts, observed, clean)
        return parts

    def fill(
        self,
        buffers: Mapping[Modality, Tensor],
        observed: Views,
        clean: Views,
        first: int = 0,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Render examples (N, T) into buffers from row `first` on, a batch for each core at a time.

        `clean` is empty where no part needs it.
        """
        examples = len(next(iter(observed.values())))
        cores = torch.get_num_threads() if self.device.type == "cpu" else 1
        together = _TOGETHER_ON_CPU if self.device.type == "cpu" else _TOGETHER_ON_GPU
        together = max(1, min(together, -(-examples // cores)))

        def render(start: int) -> int:
            rows = slice(start, start + together)
            parts = self._rendered(_some(observed, rows), _some(clean, rows))
            count = len(next(iter(parts.values())))
            for part, values in parts.items():
                buffers[part][first + start : first + start + count] = values
            return count

        # the steps of a rendering hardly use more than one core
        with ThreadPoolExecutor(cores) as pool:
            for count in pool.map(render, range(0, examples, together)):
                advance(count)

    def _rendered(self, observed: Views, clean: Views) -> dict[Modality, Tensor]:
        received, transmitted = (
            {view: torch.from_numpy(iq).to(self.device) for view, iq in views.items()}
            for views in (observed, clean)
        )
        snr_db = self._snr_db(observed)
        return rendered(
            self.parts, received, transmitted or None, self.image, self.samples_per_symbol, snr_db
        )

    def _snr_db(self, observed: Views) -> Tensor | None:
        """Estimates (N,) on the device, where the SNR is one of the parts."""
        view = snr_view(self.parts)
        if view is None or self.snr_estimator is None:
            return None
        return torch.from_numpy(self.snr_estimator(observed[view])).float().to(self.device)


def input_renderer(
    source: Described,
    modalities: Sequence[Modality],
    device: torch.device,
    *,
    targets: bool,
) -> InputRenderer:
    """The renderer of modalities, and of their targets if `targets`, for a source."""
    lengths = {view: source.samples(view) for view in source.views}
    check_modalities(modalities, source.image, lengths)
    views, seen = needed_views(modalities, source.image), snr_view(modalities)
    return InputRenderer(
        parts=contents(modalities, targets=targets),
        image=source.image,
        samples={view: lengths[view] for view in views},
        samples_per_symbol=source.samples_per_symbol(views[-1]),
        device=device,
        snr_estimator=None if seen is None else source.snr_estimator(seen),
    )


def _some(views: Views, rows: slice) -> Views:
    return {view: iq[rows] for view, iq in views.items()}
