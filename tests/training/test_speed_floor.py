"""A step is not much slower than its matrix products, whatever else the machine does."""

import statistics
import time

import pytest
import torch
from image_encoders import image_encoder_config
from torch.utils.flop_counter import FlopCounterMode

from rfmae.models.denomae import DenoMAE, draw_masks
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.presets import denomae_config
from rfmae.training.numerics import autocast, measure_product, probe

# half of the peak is what a quiet machine gives, see benchmarks/pretraining.py; an attention that
# falls back to a slow kernel, or an encoder that sees hidden patches, is below a fifth
_LEAST_SHARE = 0.2
_BATCH = 8


@pytest.mark.slow
def test_a_step_reaches_a_fifth_of_what_the_processor_multiplies(one_thread):
    cpu = torch.device("cpu")
    precision = probe(cpu).precision
    config = denomae_config("small", image_encoder_config("small", 224, 3))
    network = DenoMAE(config)
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)
    inputs = {"image": torch.rand(_BATCH, 3, 224, 224)}
    masks = draw_masks(config, _BATCH, torch.Generator().manual_seed(0))

    def step():
        with autocast(cpu, precision):
            loss = denomae_losses(network(inputs, masks), inputs, config)["loss"]
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    with FlopCounterMode(display=False) as counted:
        step()
    shares = []
    for _ in range(7):  # the processor's own time, and its peak measured in between
        started = time.process_time()
        step()
        reached = counted.get_total_flops() / (time.process_time() - started)
        shares.append(reached / (1e9 * measure_product(precision, cpu).gflops))
    assert statistics.median(shares) > _LEAST_SHARE
