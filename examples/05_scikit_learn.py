"""Cross-validate a modulation classifier in a pipeline, as any estimator of scikit-learn.

python examples/05_scikit_learn.py
"""

import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from rfmae.signal.channel import awgn
from rfmae.signal.modulations import MODULATIONS
from rfmae.sklearn import ModulationClassifier

NAMES = ("BPSK", "QPSK", "16QAM")
EXAMPLES, SYMBOLS = 80, 128  # of each modulation, of each example


def received_symbols() -> tuple[np.ndarray, np.ndarray]:
    """A placeholder for your recordings: symbols (N, T) at 10 dB of any phase, and their names."""
    rng = np.random.default_rng(1)
    received, labels = [], []
    for name in NAMES:
        modulation = MODULATIONS[name]
        sent = modulation.alphabet[rng.integers(0, modulation.order, (EXAMPLES, SYMBOLS))]
        turned = sent * np.exp(2j * np.pi * rng.random((EXAMPLES, 1)))
        received.append(awgn(turned, noise_power=0.1, rng=rng))
        labels += [name] * EXAMPLES
    return np.concatenate(received), np.array(labels)


def main() -> None:
    X, y = received_symbols()
    model = make_pipeline(
        FunctionTransformer(lambda iq: iq - iq.mean(axis=1, keepdims=True)),  # your own steps
        ModulationClassifier(epochs=10, batch_size=16, random_state=0),
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(model, X, y, cv=folds)
    print(f"accuracy {scores.mean():.3f} ± {scores.std():.3f} over {len(scores)} folds")

    model.fit(X, y)
    row = model.predict_proba(X[:1])[0]
    for name, probability in zip(model.classes_, row, strict=True):
        print(f"{name:>6} {probability:.3f}")


if __name__ == "__main__":
    main()
