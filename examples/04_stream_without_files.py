"""Stream training examples that are synthesised on the fly: endless, mixed, reproducible.

python examples/04_stream_without_files.py
"""

import itertools
import sys

import rfmae

BATCHES = 20


def main(recipe_name: str) -> None:
    recipe = rfmae.load_recipe(recipe_name)
    batches = rfmae.endless(recipe, batch_size=256)
    for step, pairs in enumerate(itertools.islice(batches, BATCHES)):
        observed, clean = pairs.observed, pairs.clean
        # here a network would learn to turn observed.iq into clean, or into observed.label
        if step % 5 == 0:
            classes = len(set(observed.label.tolist()))
            shapes = f"{observed.iq.shape} observed, {clean.shape} clean"
            print(f"step {step}: {shapes}, {classes} classes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "awgn-ten-quick")
