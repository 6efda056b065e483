import math

import pytest
import torch

from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PositionTask
from rfmae.errors import ShapeError
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAEOutput
from rfmae.models.masking import random_mask
from rfmae.models.noising import FeatureNoise, Noiser, NoiseSchedule, draw_feature_noise
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid
from rfmae.models.vit import EncoderConfig

SILENT = Noising(share=0.5, first_beta=0.0, last_beta=0.0, time_embedding=False)
PLAIN = Noising(share=0.5, time_embedding=False)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(11)


def noise_at(time, n, noised, width, generator):
    """Noise of one time for all examples."""
    eps = torch.randn(n, noised, width, generator=generator)
    return FeatureNoise(torch.full((n,), time), eps)


@pytest.mark.parametrize(
    ("power", "kept"),
    [
        (1.0, {50: 0.970, 100: 0.895, 200: 0.656, 250: 0.521, 300: 0.394, 500: 0.078, 750: 0.003}),
        (1.2, {50: 0.993, 100: 0.971, 200: 0.880, 250: 0.814, 300: 0.737, 438: 0.50, 999: 0.015}),
    ],
)
def test_the_share_kept_follows_the_published_schedules(power, kept):
    found = NoiseSchedule(Noising(power=power)).kept(torch.tensor(list(kept)))
    assert found.tolist() == pytest.approx(list(kept.values()), abs=6e-4)  # printed to 3 digits


def test_less_is_kept_at_every_later_time_but_never_nothing():
    kept = NoiseSchedule(Noising(power=1.0)).kept(torch.arange(1000))
    assert kept.dtype == torch.float64
    assert (kept.diff() < 0).all()
    assert 0 < kept[-1] < kept[0] < 1


def test_power_stays_with_noise_in_units_of_the_rms(generator):
    # features far from unit variance, as a residual stream is: second moment 11.28
    tokens = math.sqrt(11.28) * torch.randn(400, 5, 200, generator=generator)
    tokens = tokens * torch.tensor([0.1, 0.5, 1.0, 2.0, 1.0])[:, None]
    for time in (50, 300, 999):
        noised = Noiser(200, PLAIN)(tokens, noise_at(time, 400, 5, 200, generator))
        before, after = (t.square().mean(dim=(0, 2)) for t in (tokens, noised))
        # a deviation of at most 0.6 % over 80 000 values of each token, 0.3 % over all
        assert torch.allclose(after / before, torch.ones(5), atol=0.025)
        assert (after / before).mean().item() == pytest.approx(1.0, abs=0.01)


def test_noise_of_unit_variance_does_not_keep_the_power(generator):
    tokens = math.sqrt(11.28) * torch.randn(100, 5, 200, generator=generator)
    noiser = Noiser(200, Noising(scale="unit", time_embedding=False))
    noised = noiser(tokens, noise_at(300, 100, 5, 200, generator))
    kept = noiser.schedule.kept(torch.tensor(300)).item()
    expected = kept * 11.28 + 1 - kept
    assert noised.square().mean().item() == pytest.approx(expected, rel=0.02)  # 1e5 values


@pytest.mark.parametrize("time", [0, 100, 438, 999])
def test_the_stated_snr_is_that_of_every_token(time, generator):
    tokens = torch.rand(4, 3, 4096, generator=generator) * torch.tensor([0.01, 1.0, 100.0])[:, None]
    noiser = Noiser(4096, PLAIN)
    noise = noise_at(time, 4, 3, 4096, generator)
    kept = noiser.schedule.kept(torch.tensor(time)).item()
    residue = noiser(tokens, noise) - math.sqrt(kept) * tokens
    ratio = kept * tokens.square().sum(-1) / residue.square().sum(-1)
    stated_db = 10 * math.log10(kept / (1 - kept))
    # 4096 values of noise: a relative deviation of 2.2 %, 0.1 dB, four times allowed
    assert (10 * torch.log10(ratio) - stated_db).abs().max() < 0.4


def test_half_of_the_power_is_noise_at_time_438():
    kept = NoiseSchedule(Noising()).kept(torch.tensor([438])).item()
    assert 10 * math.log10(kept / (1 - kept)) == pytest.approx(0.0, abs=0.01)


def test_without_noise_tokens_pass_bit_for_bit(generator):
    tokens = torch.randn(3, 4, 16, generator=generator)
    assert torch.equal(Noiser(16, SILENT)(tokens, noise_at(999, 3, 4, 16, generator)), tokens)


@pytest.mark.parametrize("scale", ["rms", "unit"])
def test_no_gradient_flows_through_the_scale_of_the_noise(scale, generator):
    tokens = torch.randn(2, 3, 8, generator=generator, requires_grad=True)
    noiser = Noiser(8, Noising(scale=scale, time_embedding=False))
    noiser(tokens, noise_at(300, 2, 3, 8, generator)).sum().backward()
    kept = noiser.schedule.kept(torch.tensor(300)).item()
    assert torch.allclose(tokens.grad, torch.full_like(tokens, math.sqrt(kept)))


def test_a_token_of_zeros_stays_one_and_has_a_gradient(generator):
    tokens = torch.zeros(1, 1, 8, requires_grad=True)
    noised = Noiser(8, PLAIN)(tokens, noise_at(300, 1, 1, 8, generator))
    noised.sum().backward()
    assert not noised.any()
    assert tokens.grad.isfinite().all()


def test_the_time_is_added_to_all_tokens_of_an_example_alike(generator):
    tokens = torch.randn(3, 4, 16, generator=generator)
    noising = Noising(first_beta=0.0, last_beta=0.0)
    noise = FeatureNoise(torch.tensor([0, 500, 500]), torch.zeros(3, 4, 16))
    with torch.no_grad():
        embedded = Noiser(16, noising)(tokens, noise) - tokens
    assert torch.allclose(
        embedded, embedded[:, :1].expand_as(embedded), atol=1e-6
    )  # float32 differences
    assert torch.allclose(embedded[1], embedded[2], atol=1e-6)
    assert (embedded[0] - embedded[1]).abs().max() > 0.01


def test_neighbouring_times_are_distinguished_where_the_network_computes_in_bfloat16():
    noiser = Noiser(16, Noising())
    times = torch.arange(990, 1000)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        embedded = noiser.time_embedding(times)
    with torch.no_grad():
        assert torch.equal(embedded, noiser.time_embedding(times))
    assert embedded.dtype == torch.float32
    assert embedded.diff(dim=0).abs().amax(dim=1).min() > 1e-4


def test_tokens_keep_their_type(generator):
    tokens = torch.randn(2, 3, 16, generator=generator).bfloat16()
    assert Noiser(16, Noising())(tokens, noise_at(9, 2, 3, 16, generator)).dtype == torch.bfloat16


def test_times_are_even_up_to_the_latest(generator):
    noising = Noising(share=0.5, latest=10)
    times = draw_feature_noise(5000, 1, 1, noising, generator).times
    counts = times.bincount(minlength=10)
    assert len(counts) == 10
    assert (counts - 500).abs().max() < 110  # five deviations of a binomial of mean 500


def test_noise_is_of_unit_variance_and_its_rows_are_those_of_the_examples(generator):
    noise = draw_feature_noise(50, 10, 64, Noising(share=0.5), generator)
    assert noise.eps.std().item() == pytest.approx(1.0, abs=0.02)  # 32 000 values
    part = noise[10:30]
    assert len(noise) == 50
    assert len(part) == 20
    assert torch.equal(part.times, noise.times[10:30])
    assert torch.equal(part.eps, noise.eps[10:30])


def test_the_same_generator_draws_the_same_noise():
    first, again = (
        draw_feature_noise(3, 2, 4, Noising(share=0.5), torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first.times, again.times)
    assert torch.equal(first.eps, again.eps)


@pytest.mark.parametrize(
    ("share", "visible", "noised"), [(0.0, 49, 0), (0.5, 49, 24), (1.0, 49, 49), (0.01, 49, 1)]
)
def test_a_share_of_the_visible_tokens_is_noised(share, visible, noised):
    assert Noising(share=share).noised_of(visible) == noised


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 1.1}, "noise share must be from 0 to 1, got 1.1"),
        ({"block": -1}, "noise block must be at least 0, got -1"),
        ({"scale": "peak"}, "noise scale must be rms or unit, got 'peak'"),
        ({"disruption": "soft"}, "disruption must be cross or entropy or hard, got 'soft'"),
        ({"disruption_weight": -0.1}, "disruption weight must be at least 0, got -0.1"),
        ({"first_beta": 0.1, "last_beta": 0.01}, "betas must be ordered"),
        ({"last_beta": 1.0}, "last_beta must be from 0 to below 1, got 1"),
        ({"power": 0.0}, "power must be positive"),
        ({"latest": 1001}, "latest time must not exceed the 1000 steps, got 1001"),
        ({"latest": 0}, "noise latest must be at least 1, got 0"),
    ],
)
def test_a_noising_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ShapeError, match=message):
        Noising(**change)


def test_each_reconstruction_loss_hears_of_its_own_tokens_alone(generator):
    grid = PatchGrid("image", (1, 16, 16), 4)
    config = DenoMAEConfig(
        EncoderConfig((grid,), 8, 3, 2), 8, 1, 2, position=PositionTask(weight=0.0), noising=PLAIN
    )
    mask = random_mask(2, grid.counts, 6, generator, noised=3)
    predicted = torch.rand(2, 13, 16, generator=generator)  # 3 noised patches, then 10 hidden ones
    clean = {"image": torch.rand(2, 1, 16, 16, generator=generator)}

    def losses(predicted):
        output = DenoMAEOutput({"image": predicted}, {}, {"image": mask}, torch.zeros(2, 7, 8))
        metrics = denomae_losses(output, clean, config)
        return metrics["reconstruction_loss"].item(), metrics["denoised_loss"].item()

    hidden, noised = losses(predicted)
    on_noised, on_hidden = predicted.clone(), predicted.clone()
    on_noised[:, :3] += 1
    on_hidden[:, 3:] += 1
    assert losses(on_noised)[0] == hidden
    assert losses(on_noised)[1] != noised
    assert losses(on_hidden)[0] != hidden
    assert losses(on_hidden)[1] == noised


@pytest.mark.parametrize("scale", ["rms", "unit"])
def test_the_best_linear_denoiser_sees_the_noise_as_a_diagonal(scale, generator):
    # The optimum is M⁻¹S with M = βS + (1 − β)·blockdiag S + (1 − ᾱ)/ᾱ·I, where V of N patches are
    # visible and β = (V − 1)/(N − 1): a linear masked autoencoder (arXiv 2508.15404) with white
    # noise on what it sees.
    n, patches, visible, values, time = 200_000, 4, 2, 2, 300
    width = patches * values
    mixing = torch.randn(width, width, generator=generator, dtype=torch.float64)
    covariance = mixing @ mixing.T
    scales = covariance.diagonal().rsqrt()
    covariance = scales[:, None] * covariance * scales  # unit variances, so that the rms is one
    tokens = torch.randn(n, width, generator=generator).double() @ (scales[:, None] * mixing).T
    noiser = Noiser(values, Noising(scale=scale, time_embedding=False))
    noised = noiser(
        tokens.float().view(n, patches, values), noise_at(time, n, patches, values, generator)
    )
    seen = ~random_mask(n, (patches,), visible, generator).hidden[..., None]
    kept = noiser.schedule.kept(torch.tensor(time)).item()
    given = (noised * seen).double().view(n, width) / math.sqrt(kept)
    found = torch.linalg.lstsq(given, tokens).solution

    blocks = torch.block_diag(*[torch.ones(values, values, dtype=torch.float64)] * patches)
    beta = (visible - 1) / (patches - 1)
    metric = beta * covariance + (1 - beta) * blocks * covariance
    metric += (1 - kept) / kept * torch.eye(width, dtype=torch.float64)
    # 200 000 draws: each coefficient to some hundredths
    assert torch.allclose(found, torch.linalg.solve(metric, covariance), atol=0.02)
