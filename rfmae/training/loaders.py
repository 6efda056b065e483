"""Data set splits as constellation images, rendered once and kept, or rendered as they are read."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.imaging.render import constellation_images
from rfmae.progress import Progress
from rfmae.records import ImageConfig, IntArray, Views

_RENDER_BATCH = 64
_LARGEST_CACHE_BYTES = 2**32


class ImageSplit:
    """Images of one split of a data set, by row number.

    Images are held in half precision, eleven bits, whether they are kept or rendered again for
    each batch: what fits into memory does not change a number.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: str,
        device: torch.device,
        progress: Progress,
        *,
        clean: bool,
        rows: Tensor | None = None,
    ) -> None:
        """All rows of the split, or only `rows`, which then count from zero."""
        labels, _ = dataset.labels(split)
        label = torch.from_numpy(labels.astype(np.int64))
        self._rows = torch.arange(len(label)) if rows is None else rows
        self.label = label[self._rows]
        self._dataset, self._split, self._device = dataset, split, device
        self._config = dataset.image
        self._noisy: Tensor | None = None
        self._clean: Tensor | None = None
        pictures = 2 if clean else 1
        octets = 2 * len(self._config.planes) * self._config.size**2
        if len(self) * pictures * octets <= _LARGEST_CACHE_BYTES:
            self._keep(progress, clean)

    def __len__(self) -> int:
        return len(self.label)

    def noisy(self, rows: Tensor) -> Tensor:
        """Observed images (N, C, H, W) in [0, 1], float32."""
        if self._noisy is not None:
            return self._noisy[rows].to(self._device, torch.float32)
        return self._rendered(rows, clean=False)

    def clean(self, rows: Tensor) -> Tensor:
        """Images of the clean twins, float32."""
        if self._clean is not None:
            return self._clean[rows].to(self._device, torch.float32)
        return self._rendered(rows, clean=True)

    def _keep(self, progress: Progress, clean: bool) -> None:
        total = len(self) * (2 if clean else 1)
        with progress.stage(f"render {self._split}", total, "images") as stage:
            rows = self._rows.numpy()
            self._noisy = self._render(self._iq(rows, clean=False), stage.advance)
            if clean:
                self._clean = self._render(self._iq(rows, clean=True), stage.advance)

    def _rendered(self, rows: Tensor, *, clean: bool) -> Tensor:
        # HDF5 reads rows upwards only
        ascending, back = np.unique(self._rows[rows].numpy(), return_inverse=True)
        iq = self._iq(ascending, clean=clean)
        images = self._render({view: examples[back] for view, examples in iq.items()})
        return images.to(self._device, torch.float32)

    def _iq(self, rows: IntArray, *, clean: bool) -> Views:
        """What the images are drawn from."""
        data, split, views = self._dataset, self._split, self._config.views
        if clean:
            return {view: data.read(split, rows, view).clean for view in views}
        return {view: data.read_observed(split, rows, view).iq for view in views}

    def _render(self, iq: Views, advance: Callable[[int], None] = lambda _: None) -> Tensor:
        rate = self._dataset.samples_per_symbol(self._config.views[-1])
        return render(iq, self._config, rate, self._device, advance)


def render(
    iq: Views,
    config: ImageConfig,
    samples_per_symbol: float,
    device: torch.device,
    advance: Callable[[int], None],
) -> Tensor:
    """Half-precision images of I/Q on the CPU, drawn batch by batch on `device`."""
    count, size = len(next(iter(iq.values()))), config.size
    images = torch.empty((count, len(config.planes), size, size), dtype=torch.float16)

    def draw(first: int) -> int:
        rows = slice(first, first + _RENDER_BATCH)
        part = {view: torch.from_numpy(examples[rows]).to(device) for view, examples in iq.items()}
        images[rows] = constellation_images(part, config, samples_per_symbol).cpu()
        return len(images[rows])

    # one batch for each core: the steps of a rendering hardly use more than one of them
    with ThreadPoolExecutor(torch.get_num_threads() if device.type == "cpu" else 1) as pool:
        for drawn in pool.map(draw, range(0, count, _RENDER_BATCH)):
            advance(drawn)
    return images


def image_card(dataset: Dataset) -> Card:
    """How images are drawn and of how much I/Q, which whoever answers later must do alike."""
    return {
        "image": asdict(dataset.image),
        "samples": {view: dataset.samples(view) for view in dataset.image.views},
        "samples_per_symbol": dataset.samples_per_symbol(dataset.image.views[-1]),
    }


def labelled_subset(label: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Row numbers of `count` examples, the same number of each class (one more for the first)."""
    order = torch.randperm(len(label), generator=generator)
    classes = label.unique().tolist()
    share, rest = divmod(count, len(classes))
    chosen = [
        order[label[order] == value][: share + (place < rest)]
        for place, value in enumerate(classes)
    ]
    return torch.cat(chosen).sort().values
