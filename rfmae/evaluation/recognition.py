"""Recognition after denoising: one fixed classifier on noisy, denoised and clean images."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from rfmae.artefacts import Card
from rfmae.evaluation.classification import counted
from rfmae.evaluation.comparison import compare
from rfmae.evaluation.denoise_measures import CLEAN, NOISY, DenoiseBatch
from rfmae.evaluation.image_quality import Images
from rfmae.records import Answers, FloatArray, IntArray, Recognition, holm_adjusted
from rfmae.units import SnrReference

GIVEN_THE_CLASS = ("class mean", "blank")  # not informative for a classifier

_BOOTSTRAP_SEED = 0


class RecognitionTest:
    """Applies a classifier to every answer of every batch, and keeps its probabilities."""

    def __init__(self, name: str, card: Card, classify: Callable[[Images], FloatArray]) -> None:
        """`classify` gives the class probabilities (N, M) of images (N, C, H, W)."""
        self.name, self.card, self._classify = name, card, classify
        self._probabilities: dict[str, list[FloatArray]] = defaultdict(list)
        self._label: list[IntArray] = []
        self._snr_db: list[FloatArray] = []

    def add(self, batch: DenoiseBatch) -> None:
        """Classify each of the answers and the clean images of a batch."""
        for name, images in {**batch.answers, CLEAN: batch.clean}.items():
            if name not in GIVEN_THE_CLASS:
                self._probabilities[name].append(self._classify(images))
        self._label.append(batch.label)
        self._snr_db.append(batch.snr_db)

    def recognition(
        self, classes: tuple[str, ...], snr_db: tuple[float, ...], snr_reference: SnrReference
    ) -> Recognition:
        """The accuracy on all batches, and each answer compared with the noisy images."""
        label, snr = np.concatenate(self._label), np.concatenate(self._snr_db)
        answers = {
            name: Answers(np.concatenate(parts), label, snr, classes, snr_db, snr_reference)
            for name, parts in self._probabilities.items()
        }
        rng = np.random.default_rng(_BOOTSTRAP_SEED)
        return Recognition(
            self.name,
            {name: counted(item) for name, item in answers.items()},
            holm_adjusted(
                compare(item, answers[NOISY], (name, NOISY), rng)
                for name, item in answers.items()
                if name != NOISY
            ),
        )
