"""Images per second of pre-training, ours beside peers: the same work, one core, one run.

A step is forward, backward, AdamW and the clearing of gradients, on random images of 3×224×224 that
stand in memory, patches of 16, three quarters of them hidden and redrawn, at two sizes:

- small: width 192, 8 blocks of 6 heads; decoder 128, 4 blocks of 4 heads; 32 images;
- ViT-B: width 768, 12 blocks of 12 heads; decoder 512, 8 blocks of 16 heads; 8 images.

Ours is the network, the loss and the optimiser of `rfmae pretrain`, without position head, under
the numerics that it finds for this machine, and once more in float32 alone. Peers are a plain
masked autoencoder in the layout of the reference, and ViTMAE of transformers; first as they come,
then with the best options of their own: bfloat16 autocast, fused AdamW, either attention. A peer
that is not installed is left out; `pip install -e '.[bench]'` installs it.

Every program has its own process, on the same core, and turns go round; a ratio is the
median of the ratios in each round. Beside the rates stand the part of the products' measured peak
that a step reaches, the share of its time that is no product, and the memory it took.

    python benchmarks/pretraining.py [ROUNDS [SIZE]]
"""

import os
import resource
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from measuring import Seconds, serve, times_as_long, use_one_thread, workers, workers_take_turns
from peers.masked_autoencoders import (
    IMAGE,
    MASK_RATIO,
    PATCH,
    PLANES,
    Plain,
    Size,
    hugging_face,
    hugging_face_is_there,
)
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from rfmae.configuration.masking import Masking
from rfmae.configuration.objective import PositionTask
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE, draw_masks
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid
from rfmae.models.transformer import initialise
from rfmae.models.vit import EncoderConfig
from rfmae.training.numerics import apply_precision, autocast, probe, tune_allocator
from rfmae.training.optimiser import adamw
from rfmae.training.plan import TrainingPlan

SIZES = {"small": Size(192, 8, 6, 128, 4, 4, 32), "ViT-B": Size(768, 12, 12, 512, 8, 16, 8)}
ROUNDS = {"small": 11, "ViT-B": 5}
PEAK_SIDE, PEAK = 1024, "peak"
PRODUCTS = {"aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"}
CPU = torch.device("cpu")
MEBIBYTE = 1024.0  # of the kibibytes that the system counts

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer and the options it is given."""

    attention: str  # "sdpa", "eager", or of the plain one "plain"
    bfloat16: bool
    fused: bool


OURS, OURS_EXACT = "rfmae", "rfmae, float32"
AS_THEY_COME = {
    "plain MAE": Peer("plain", False, False),
    "transformers ViTMAE": Peer("sdpa", False, False),
}
AT_THEIR_BEST = {
    "plain MAE, bfloat16": Peer("plain", True, True),
    "ViTMAE, bfloat16": Peer("sdpa", True, True),
    "ViTMAE, bfloat16, eager": Peer("eager", True, True),
}


# --- programs, each in its own process


def our_step(size: Size, wanted: str) -> Step:
    """A training step of `rfmae pretrain` on a prepared batch."""
    tune_allocator()
    numerics = probe(CPU, wanted)
    config = our_config(size)
    network = DenoMAE(config)
    initialise(network, torch.Generator().manual_seed(0))
    plan = TrainingPlan(steps=1000, batch_size=size.batch, learning_rate=1e-4)
    optimiser, images = adamw(network, plan), {"image": random_images(size)}
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        with apply_precision(numerics):
            masks = draw_masks(config, size.batch, generator)
            with autocast(CPU, numerics.precision):
                loss = denomae_losses(network(images, masks), images, config)["loss"]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return step


def our_config(size: Size) -> DenoMAEConfig:
    grid = PatchGrid("image", (PLANES, IMAGE, IMAGE), PATCH)
    encoder = EncoderConfig((grid,), size.width, size.depth, size.heads)
    return DenoMAEConfig(
        encoder,
        size.decoder_width,
        size.decoder_depth,
        size.decoder_heads,
        masking=Masking(MASK_RATIO),
        position=PositionTask(weight=0.0),  # peers have no such head
    )


def peer_step(size: Size, peer: Peer) -> Step:
    """The loop of their examples."""
    plain = peer.attention == "plain"
    network: nn.Module = Plain(size) if plain else hugging_face(size, peer.attention)
    rates = {"lr": 1e-4, "betas": (0.9, 0.95), "weight_decay": 0.05}
    optimiser = torch.optim.AdamW(network.parameters(), **rates, fused=peer.fused or None)
    images = random_images(size)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=peer.bfloat16):
            loss = network(images)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def random_images(size: Size) -> Tensor:
    shape = (size.batch, PLANES, IMAGE, IMAGE)
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def peak_product(size: Size) -> Step:
    """A large matrix product, at the peak rate of the machine."""
    a, b = torch.randn(2, PEAK_SIDE, PEAK_SIDE, dtype=torch.bfloat16)
    return lambda: a @ b


def step_of(name: str, size: Size) -> Step:
    if name == PEAK:
        return peak_product(size)
    if name in (OURS, OURS_EXACT):
        return our_step(size, "auto" if name == OURS else "float32")
    return peer_step(size, {**AS_THEY_COME, **AT_THEIR_BEST}[name])


def work(name: str, size: Size) -> None:
    """Run as the worker of a program."""
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    before = memory_mib()
    step = step_of(name, size)
    serve(step, lambda: facts(step, before))


def facts(step: Step, before_mib: float) -> dict[str, float]:
    """Memory that training took, operations of a step, share of its time that is no product."""
    grown = memory_mib() - before_mib
    with FlopCounterMode(display=False) as counter:
        step()
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        step()
    times = {row.key: row.self_cpu_time_total for row in profiled.key_averages()}
    products = sum(times.get(name, 0.0) for name in PRODUCTS)
    outside = 1 - products / sum(times.values())
    return {"memory_mib": grown, "operations": counter.get_total_flops(), "outside": outside}


def memory_mib() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE


# --- tables


def compare(title: str, size_name: str, names: list[str], rounds: int) -> None:
    """A line for each program, and the ratio of ours to each, by both clocks."""
    size = SIZES[size_name]
    commands = {name: (size_name, name) for name in [*names, PEAK]}
    with workers(commands) as started:
        facts = {name: started[name].request("facts") for name in names}
        measured = workers_take_turns(started, rounds)
    print(f"\n{title}; medians of {rounds} rounds")
    rates = f"{'img/s':>12}{'ours':>9}" * 2
    print(f"{'':<26}{'of processor time':>21}{'by the clock':>21}{'reached':>9}{'no':>10}")
    print(f"{'':<26}{rates}{'of peak':>9}{'product':>10}{'MiB':>9}")
    for name in names:
        print(f"{name:<26}{line(name, measured, facts[name], size)}")


def line(name: str, measured: dict[str, Seconds], facts: dict[str, float], size: Size) -> str:
    """Rates and ratios by both clocks, then the facts of the worker."""
    cells = ""
    for clock in ("processor", "wall"):
        ours, theirs = getattr(measured[OURS], clock), getattr(measured[name], clock)
        ratio = "" if name == OURS else f"{times_as_long(ours, theirs):.2f}×"
        cells += f"{size.batch / statistics.median(theirs):>12.2f}{ratio:>9}"
    peaks_of_work = facts["operations"] / (2 * PEAK_SIDE**3)
    a_peak_over_a_step = times_as_long(measured[name].processor, measured[PEAK].processor)
    reached = peaks_of_work * a_peak_over_a_step
    return cells + f"{reached:>9.0%}{facts['outside']:>10.0%}{facts['memory_mib']:>9.0f}"


def available(peers: dict[str, Peer]) -> list[str]:
    there = hugging_face_is_there()
    return [name for name, peer in peers.items() if there or peer.attention == "plain"]


def main() -> None:
    os.environ["KINETO_LOG_LEVEL"] = "99"  # the profiler is verbose
    use_one_thread()
    if len(sys.argv) == 3 and sys.argv[1] in SIZES:
        work(sys.argv[2], SIZES[sys.argv[1]])
        return
    sizes = [sys.argv[2]] if len(sys.argv) > 2 else list(SIZES)
    print(f"Numerics: {probe(CPU)}")
    for name in sizes:
        rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS[name]
        first, second = available(AS_THEY_COME), available(AT_THEIR_BEST)
        compare(f"{name}, peers as they come", name, [OURS, OURS_EXACT, *first], rounds)
        compare(f"{name}, peers at their best", name, [OURS, *second], rounds)


if __name__ == "__main__":
    main()
