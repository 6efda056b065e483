"""The gap between accuracy and ceilings, split into image loss and model loss."""

from collections.abc import Mapping, Sequence

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import SEQUENCE, Answers, Ceiling, Gap, SnrReport, weighted


def gap(report: SnrReport, ceilings: Mapping[str, Ceiling], image: str | None) -> Gap | None:
    """Accuracy against each ceiling, and the gap split; None where no ceiling is known.

    `image` names the ceiling of the planes that the model sees, None where it sees the sequence;
    where that ceiling is unknown, the whole gap below the sequence counts as the model's.
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


def merged(answers: Answers, groups: Sequence[Sequence[str]]) -> Answers:
    """The same answers where the classes of a group count as one, with summed probabilities.

    A group is named by its members, `BPSK/2PAM`, and takes the place of the first of them.
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
