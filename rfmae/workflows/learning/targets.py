"""What pre-training predicts: clean twins, or the examples themselves where there are none."""

from rfmae.configuration.objective import PixelTask
from rfmae.configuration.training import Pretraining
from rfmae.datasets.own_targets import OwnTargets, parse_added_noise
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.progress import Progress

DEFAULT_NOISE = "0:10"
"""Added to recordings, in dB below them, where nothing else is requested."""

_SHOWN_DB = (0.0, 20.0)  # SNRs for which the loss is said; a recording's own is hardly known


def with_targets(
    dataset: Dataset, settings: Pretraining, pixels: PixelTask, progress: Progress
) -> Dataset:
    """The data set as pre-training reads it; what stands for clean twins that it lacks is said."""
    if dataset.has_clean:
        if settings.added_noise is not None:
            raise TrainingError(
                f"noise is added to recordings, but {dataset.name} has clean twins, got added "
                f"noise {settings.added_noise}; leave it out"
            )
        return dataset
    if settings.endless:
        raise TrainingError(
            f"endless examples are synthesised by a recipe, which {dataset.name} does not have; "
            "leave out --endless"
        )
    if pixels.target == "noisy" and settings.added_noise is None:
        progress.note(
            f"{dataset.name} has no clean twins: the target is each example as it is (a masked "
            "autoencoder, which does not denoise)"
        )
        return OwnTargets(dataset.folder, dataset.card, None, settings.seed)
    noise = parse_added_noise(settings.added_noise or DEFAULT_NOISE)
    losses = " and ".join(
        "{:.1f} to {:.1f} dB of an SNR of {:g} dB".format(*noise.losses_db(snr_db), snr_db)
        for snr_db in _SHOWN_DB
    )
    progress.note(
        f"{dataset.name} has no clean twins: the target is each example as it is, and the input "
        f"has white noise {noise} added, which costs {losses}"
    )
    return OwnTargets(dataset.folder, dataset.card, noise, settings.seed)
