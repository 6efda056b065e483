"""Two-dimensional t-SNE maps of encoder features."""

import numpy as np
from sklearn.manifold import TSNE

from rfmae.errors import ShapeError
from rfmae.evaluation.probe import Features
from rfmae.records import EmbeddingMap, FloatArray, IntArray

PERPLEXITY = 30.0
"""How many neighbours each example tries to keep near (van der Maaten, Hinton 2008)."""

_FEWEST = 4  # examples
_EXAMPLES_PER_NEIGHBOUR = 3  # the search looks at three times the perplexity


def evenly_chosen(
    label: IntArray, snr_db: FloatArray, count: int, rng: np.random.Generator
) -> IntArray:
    """Rows (K,) ascending of `count` examples, or of all where there are fewer.

    Stratified by class and SNR, to within one example; a remainder is stratified by class, to
    within one. Strata that run out are filled up from the others. `rng` draws the examples.
    """
    if count < 1:
        raise ShapeError(f"a map needs examples, got count {count}")
    order = rng.permutation(len(label))
    stated = np.nan_to_num(snr_db, nan=np.inf)  # an unknown SNR is one stratum, too
    turn = _place_in_group(np.stack([label, stated], axis=1)[order])
    place = _place_in_group(np.stack([label[order], turn], axis=1))
    return np.sort(order[np.lexsort((place, turn))[:count]])


def embedded(
    features: Features,
    *,
    classes: tuple[str, ...],
    model: str,
    seed: int = 0,
    perplexity: float = PERPLEXITY,
) -> EmbeddingMap:
    """The t-SNE map (JMLR 9, 2008) of the features of some examples.

    It is initialised with the two principal components, which keeps more of the global structure
    (Kobak, Berens 2019); distances between clusters and their sizes still mean nothing. With fewer
    than three examples for each neighbour the perplexity is reduced. Raises `ShapeError` for fewer
    than four examples and for features that do not differ.
    """
    _check(features.values)
    kept = min(perplexity, (len(features) - 1) / _EXAMPLES_PER_NEIGHBOUR)
    found = TSNE(perplexity=kept, init="pca", random_state=seed)
    return EmbeddingMap(
        method=f"t-SNE, perplexity {kept:.3g}",
        model=model,
        places=found.fit_transform(np.asarray(features.values, np.float32)),
        label=features.label,
        snr_db=features.snr_db,
        classes=classes,
    )


def _check(values: FloatArray) -> None:
    examples, width = values.shape
    if examples < _FEWEST or width < 2:
        raise ShapeError(
            f"a map needs {_FEWEST} examples of at least 2 features, got {examples} of {width}"
        )
    if not (values != values[0]).any():
        raise ShapeError(
            f"the features of all {examples} examples are the same, so there is nothing to map; "
            "name an encoder that was trained"
        )


def _place_in_group(group: IntArray) -> IntArray:
    """How many rows of the same group (N, K) come before each row, (N,)."""
    _, number, sizes = np.unique(group, axis=0, return_inverse=True, return_counts=True)
    sorted_rows = np.argsort(number, kind="stable")
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(len(group), np.int64)
    place[sorted_rows] = np.arange(len(group)) - first
    return place
