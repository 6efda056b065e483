"""Render the inputs and targets of denoising: noisy and clean images of ten modulations.

python examples/03_draw_constellations.py constellations.png
"""

import sys

from matplotlib.figure import Figure

from rfmae import load_recipe, render_images
from rfmae.datasets.synthesis import Block, synthesise

SNR_DB = 8.0


def main(path: str) -> None:
    recipe = load_recipe("awgn-ten").with_snr(f"{SNR_DB:g}")
    figure = Figure(figsize=(14, 3.4), layout="constrained")
    rows = figure.subplots(2, len(recipe.classes))
    for column, name in zip(rows.T, recipe.classes, strict=True):
        pairs = synthesise(recipe, Block("test", name, SNR_DB, range(1))).pairs
        for axes, iq in zip(column, (pairs.observed.iq, pairs.clean), strict=True):
            image = render_images(iq, recipe.image)[0]
            axes.imshow(image.transpose(1, 2, 0))
            axes.set_xticks([])
            axes.set_yticks([])
        column[0].set_title(name)
    rows[0, 0].set_ylabel(f"{SNR_DB:g} dB Es/N0")
    rows[1, 0].set_ylabel("clean")
    figure.savefig(path, dpi=110)
    print(f"wrote {path}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "constellations.png")
