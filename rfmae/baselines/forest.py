"""A random forest (Breiman 2001) as plain arrays; fitted by scikit-learn."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from rfmae.errors import CheckpointError
from rfmae.records import FloatArray, IntArray

TREES = 200
_MOST_LEAVES = 1024  # of a tree, so that a forest of much data stays some tens of megabytes
_ROWS = 2048


@dataclass(frozen=True, slots=True)
class Forest:
    """The nodes of all trees one after the other; a child comes after its parent.

    A leaf has no children (-1). An example goes left where its feature is at most the threshold.
    """

    roots: IntArray  # (trees,)
    left: IntArray  # (nodes,)
    right: IntArray  # (nodes,)
    feature: IntArray  # (nodes,)
    threshold: FloatArray  # (nodes,)
    shares: FloatArray  # (nodes, M), of the classes among the training examples of a node

    def __post_init__(self) -> None:
        """Refuse nodes with invalid children or cycles."""
        node, inner = np.arange(len(self.left)), self.left >= 0
        for child in (self.left[inner], self.right[inner]):
            if not ((child > node[inner]) & (child < len(node))).all():
                raise CheckpointError("a forest must lead from every node to a later one")

    def scores(self, values: FloatArray) -> FloatArray:
        """Logarithms of the mean shares over all trees, (N, M), of features (N, D)."""
        parts = np.split(values.astype(np.float32), range(_ROWS, len(values), _ROWS))
        shares = np.concatenate([self._shares(part) for part in parts])
        return np.log(
            shares + 0.5 / len(self.roots)
        )  # a share of zero is no proof of impossibility

    def _shares(self, values: FloatArray) -> FloatArray:
        node = np.tile(self.roots, (len(values), 1))
        example = np.arange(len(values))[:, None]
        while (inner := self.left[node] >= 0).any():
            goes_left = values[example, self.feature[node].clip(0)] <= self.threshold[node]
            child = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(inner, child, node)
        return self.shares[node].mean(axis=1)


def fit_forest(
    values: FloatArray, label: IntArray, *, least_leaf: int, seed: int, trees: int = TREES
) -> Forest:
    """The forest of features (N, D) and labels (N,) from 0 to M − 1, each of which occurs."""
    grown = RandomForestClassifier(
        trees,
        min_samples_leaf=least_leaf,
        max_leaf_nodes=_MOST_LEAVES,
        random_state=seed,
        n_jobs=-1,
    ).fit(values, label)
    nodes = [tree.tree_ for tree in grown.estimators_]
    counts = np.array([tree.node_count for tree in nodes])
    roots = np.cumsum(counts) - counts
    shares = np.concatenate([tree.value[:, 0] for tree in nodes])
    return Forest(
        roots,
        _shifted([tree.children_left for tree in nodes], roots),
        _shifted([tree.children_right for tree in nodes], roots),
        np.concatenate([tree.feature for tree in nodes]),
        np.concatenate([tree.threshold for tree in nodes]),
        shares / shares.sum(axis=1, keepdims=True),
    )


def _shifted(children: list[IntArray], roots: IntArray) -> IntArray:
    pairs = zip(children, roots, strict=True)
    return np.concatenate([np.where(child >= 0, child + root, -1) for child, root in pairs])
