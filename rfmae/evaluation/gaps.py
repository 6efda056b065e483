"""How far accuracy is below the ceilings, and what of it the image loses and what the model."""

from collections.abc import Mapping, Sequence

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import SEQUENCE, Answers, Ceiling, FloatArray, Gap, IntArray, SnrReport


def gap(report: SnrReport, ceilings: Mapping[str, Ceiling], image: str | None) -> Gap | None:
    """Accuracy against each ceiling, and the gap split; none where no ceiling is known.

    `image` names the ceiling of the planes that the model sees, none where it sees the sequence;
    where it is not among those that are known, the whole gap below the sequence is the model's.
    """
    _check_grid(report, ceilings)
    limits = {name: ceiling.accuracy for name, ceiling in ceilings.items()}
    image = image if image in limits else None
    seen = image or SEQUENCE
    if seen not in limits:
        return None
    counted_in = [ceilings[name] for name in {seen, SEQUENCE} & limits.keys()]
    accuracy = report.accuracy_per_snr
    return Gap(
        image=image,
        ratio={
            name: _ratio(report.accuracy, weighted(limit, report.examples_per_snr))
            for name, limit in limits.items()
        },
        ratio_per_snr={name: accuracy / limit for name, limit in limits.items()},
        image_loss_per_snr=(
            limits[SEQUENCE] - limits[image] if image and SEQUENCE in limits else None
        ),
        model_loss_per_snr=limits[seen] - accuracy,
        is_bound=all(ceiling.is_bound for ceiling in counted_in),
    )


def weighted(values: FloatArray, examples: IntArray) -> float:
    """The mean of values (S,) over all examples, so many at each SNR point, (S,)."""
    return float(values @ examples / max(int(examples.sum()), 1))


def merged(answers: Answers, groups: Sequence[Sequence[str]]) -> Answers:
    """The same answers where the classes of a group count as one, whose probabilities add up.

    A group is named by its members, `BPSK/2PAM`, and stands where the first of them stood. Added up
    as Bayes' rule has it: who cannot tell two classes gives each a half.
    """
    alike = {name: tuple(group) for group in groups for name in group}
    of_class = [alike.get(name, (name,)) for name in answers.classes]
    distinct = tuple(dict.fromkeys(of_class))
    number = np.array([distinct.index(group) for group in of_class])
    return Answers(
        answers.probabilities @ np.eye(len(distinct), dtype=np.float32)[number],
        number[answers.label],
        answers.snr_db,
        tuple("/".join(group) for group in distinct),
        answers.grid_db,
        answers.snr_reference,
    )


def _ratio(accuracy: float, limit: float) -> float:
    return accuracy / limit if limit else 0.0


def _check_grid(report: SnrReport, ceilings: Mapping[str, Ceiling]) -> None:
    for name, ceiling in ceilings.items():
        if ceiling.snr_db != report.snr_db or ceiling.snr_reference != report.snr_reference:
            raise ShapeError(
                f"the ceiling of the {name} must be of the SNR points {report.snr_db} "
                f"({report.snr_reference}), got {ceiling.snr_db} ({ceiling.snr_reference})"
            )
