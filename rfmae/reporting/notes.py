"""Notes of reports in words: what was read, which classes coincide, what a ceiling assumes."""

from collections.abc import Sequence

from rfmae.records import SEQUENCE, Ceiling

_NORMAL_95 = 1.96
_ENOUGH_IMAGES = 100  # of each class and SNR point


def class_notes(groups: Sequence[Sequence[str]], classes: Sequence[str]) -> tuple[str, ...]:
    """Notes on the class list; those of a group send the same signals."""
    notes = list(map(_same_signals, groups))
    if any(name.endswith("ASK") for name in classes):
        notes.append("ASK is unipolar, PAM bipolar.")
    return tuple(notes)


def ceiling_notes(ceiling: Ceiling) -> tuple[str, ...]:
    """Notes on the assumptions and the precision of a ceiling."""
    unknown = [
        name for name in ("phase", "snr", "amplitude") if getattr(ceiling, name) == "unknown"
    ]
    largest = 100 * _NORMAL_95 * float(ceiling.accuracy_error.max())
    notes = [
        f"{ceiling.symbols_per_example} symbols, {', '.join(unknown) or 'nothing'} unknown to the "
        f"receiver; ±{largest:.1f} at most with 95 % confidence, from {ceiling.frames_per_group} "
        "frames of each signal at each SNR."
    ]
    notes += [_same_signals(group) for group in ceiling.groups if len(group) > 1]
    if not ceiling.is_bound:
        notes.append(
            "This is a lower bound of the ceiling, "
            "reached by one classifier of points without their order."
        )
    if ceiling.kind != SEQUENCE:
        notes.append("Values are capped at the ceiling of the sequence, where that is known.")
    return tuple(notes)


def split_reading(
    models: int, per_point: int | None, changed: Sequence[str] = (), changed_per_point: int = 0
) -> str:
    """How often the test split was read, and how much of it.

    `changed` names the robustness grids for which stored examples were changed and read again.
    """
    which = "all examples"
    if per_point is not None:
        which = f"the first {per_point} of each class and SNR"
    words = f"{which} read once by {'the model' if models == 1 else f'each of {models} models'}"
    if changed:
        words += f"; the first {changed_per_point} of each class and SNR changed and read again "
        words += f"for robustness to {' and '.join(changed)}"
    return words


def denoised_split_reading(per_point: int | None) -> str:
    """How much of the test split every answer of a denoising report is for."""
    which = "all examples" if per_point is None else f"the first {per_point} of each class and SNR"
    return f"{which} read once, the same for every answer"


def denoising_notes(images: int) -> tuple[str, ...]:
    """A note where there are few images of each class and SNR point."""
    if images >= _ENOUGH_IMAGES:
        return ()
    return (
        f"Images of each class and SNR point: {images}, fewer than {_ENOUGH_IMAGES}; intervals "
        "are wide.",
    )


def _same_signals(group: Sequence[str]) -> str:
    return f"{' and '.join(group)} send the same signals: no receiver can distinguish them."
