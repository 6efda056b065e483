import pytest
import torch

from rfmae.training.schedule import (
    MASKS,
    ORDER,
    addressed_generator,
    cosine_with_warmup,
)


def test_the_learning_rate_rises_then_falls_to_nothing():
    shares = [cosine_with_warmup(step, 100, 10) for step in range(100)]
    assert shares[9] == 1
    assert shares[:10] == sorted(shares[:10])
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert shares[-1] == pytest.approx(0, abs=1e-3)


def test_an_address_decides_the_draw_and_nothing_else_does():
    def draw(*address):
        return torch.rand(4, generator=addressed_generator(*address)).tolist()

    assert draw(1, MASKS, 7) == draw(1, MASKS, 7)
    others = [draw(1, MASKS, 8), draw(1, ORDER, 7), draw(2, MASKS, 7)]
    assert draw(1, MASKS, 7) not in others
    assert len({tuple(item) for item in others}) == 3
