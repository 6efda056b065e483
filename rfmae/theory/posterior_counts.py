"""Two estimates of the Bayes accuracy from posteriors of labelled frames."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class PosteriorCounts:
    """Two estimates of the Bayes accuracy at one SNR, for classes and for merged groups.

    Errors are standard errors. Classes are equally likely, whatever the share of each group among
    the frames.
    """

    hit_rate: float
    hit_error: float
    mean_posterior: float
    posterior_error: float
    merged_hit_rate: float
    merged_mean_posterior: float
    recall: FloatArray  # (groups,)


def count_posteriors(
    labels: IntArray, posteriors: FloatArray, members: IntArray
) -> PosteriorCounts:
    """Tally frames of group `labels` (n,) with group `posteriors` (n, groups).

    The posteriors are for priors proportional to the `members` (groups,) of each group. Within a
    group a receiver can only guess, so that the posterior is divided among its classes, and so is
    the credit. The largest value of a calibrated posterior is on average the hit rate; it varies
    less from frame to frame than hit or miss.
    """
    share = members / members.sum()
    of_classes = posteriors / members
    named = of_classes.argmax(axis=1) == labels
    recall = _mean_of_groups(named, labels, len(members))
    hit_rate, hit_error = _weighted(named / members[labels], labels, share)
    mean_posterior, posterior_error = _weighted(of_classes.max(axis=1), labels, share)
    merged_hits = posteriors.argmax(axis=1) == labels
    return PosteriorCounts(
        hit_rate=hit_rate,
        hit_error=hit_error,
        mean_posterior=mean_posterior,
        posterior_error=posterior_error,
        merged_hit_rate=_weighted(merged_hits, labels, share)[0],
        merged_mean_posterior=_weighted(posteriors.max(axis=1), labels, share)[0],
        recall=recall,
    )


def group_posteriors(log_evidence: FloatArray, members: IntArray) -> FloatArray:
    """Posteriors (n, groups) for priors proportional to the members, by Bayes' rule."""
    weighed = log_evidence + np.log(members)
    shares: FloatArray = np.exp(weighed - weighed.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _weighted(
    values: npt.NDArray[np.generic], labels: IntArray, share: FloatArray
) -> tuple[float, float]:
    """Mean over frames with a weight for each group, and its standard error, stratum by stratum."""
    variance = [_variance_of_mean(values[labels == group]) for group in range(len(share))]
    mean = float(share @ _mean_of_groups(values, labels, len(share)))
    return mean, float(np.sqrt(np.square(share) @ np.array(variance)))


def _mean_of_groups(values: npt.NDArray[np.generic], labels: IntArray, groups: int) -> FloatArray:
    return np.array([values[labels == group].astype(float).mean() for group in range(groups)])


def _variance_of_mean(values: npt.NDArray[np.generic]) -> float:
    return float(values.astype(float).var() / max(len(values) - 1, 1))
