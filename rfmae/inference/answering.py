"""I/Q to class probabilities, and to what an encoder makes of it."""

from dataclasses import dataclass

import numpy as np
import torch

from rfmae.artefacts import Card
from rfmae.errors import ShapeError
from rfmae.inference.asked import Asked, checked_views, cut_windows
from rfmae.inference.sight import Sight
from rfmae.models.classifier import Classifier, mean_token
from rfmae.models.vit import Encoder
from rfmae.records import FloatArray, ImageConfig, View


@dataclass(frozen=True, slots=True)
class Answer:
    """Class probabilities of a recording: of each window, and of all of them together."""

    classes: tuple[str, ...]
    windows: FloatArray  # (W, M)
    window_length: int

    @property
    def whole(self) -> FloatArray:
        """The geometric mean of the windows, normalised, (M,).

        Windows of one recording share their defects, so their evidence is averaged, not added up.
        """
        evidence = np.log(np.maximum(self.windows, 1e-12)).mean(axis=0)
        weights = np.exp(evidence - evidence.max())
        return weights / weights.sum()

    @property
    def name(self) -> str:
        """The most probable class of the whole."""
        return self.classes[int(self.whole.argmax())]


class SignalClassifier:
    """I/Q as it was trained on, symbols or waveform, to class probabilities.

    Calling it with I/Q (N, T) gives probabilities (N, M); `answer` cuts a recording (T,) into
    windows of the length that it was trained on. Where it sees both views (see `views`), either
    takes a mapping with the I/Q of each.
    """

    def __init__(self, network: Classifier, card: Card, sight: Sight, device: torch.device):
        self.card, self.sight = card, sight
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self._network, self._device = network.to(device), device

    @property
    def views(self) -> tuple[View, ...]:
        """What has to be given."""
        return self.sight.views

    @property
    def image(self) -> ImageConfig:
        """How its constellation images are drawn."""
        return self.sight.image

    @torch.inference_mode()
    def __call__(self, iq: Asked) -> FloatArray:
        """Probabilities (N, M) of complex I/Q (N, T), any gain and carrier phase."""
        batches = self.sight.inputs(iq, self._device)
        return torch.cat([self._network(batch).softmax(dim=-1).cpu() for batch in batches]).numpy()

    def answer(self, iq: Asked) -> Answer:
        """Probabilities of each window of a recording (T,) and of the whole."""
        windows = {
            view: cut_windows(recording, self.sight.samples[view])
            for view, recording in checked_views(iq, self.views, dimensions=1).items()
        }
        lengths = [cut.shape[1] for cut in windows.values()]
        if len({len(cut) for cut in windows.values()}) > 1:
            raise ShapeError(
                f"symbols and waveform must be of one recording, but they fill "
                f"{' and '.join(str(len(cut)) for cut in windows.values())} windows"
            )
        return Answer(self.classes, self(windows), lengths[0])

    def name(self, iq: Asked) -> str:
        """The most probable class of a recording (T,)."""
        return self.answer(iq).name


class FeatureEncoder:
    """I/Q to what an encoder makes of it, before any class was named: for probes and maps."""

    def __init__(self, encoder: Encoder, sight: Sight, device: torch.device):
        self.sight = sight
        self._encoder, self._device = encoder.to(device).eval(), device

    @torch.inference_mode()
    def __call__(self, iq: Asked) -> FloatArray:
        """The mean patch token (N, width) of complex I/Q (N, T), nothing hidden."""
        batches = self.sight.inputs(iq, self._device)
        return torch.cat([mean_token(self._encoder(batch)).cpu() for batch in batches]).numpy()
