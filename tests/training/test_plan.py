import itertools
from dataclasses import replace

import pytest
from toy_task import PLAN

from rfmae.errors import TrainingError


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_pieces_of_all_processes_are_the_batch(world, accumulate):
    plan = replace(PLAN, batch_size=16, accumulate=accumulate)
    microbatches = [
        microbatch for rank in range(world) for microbatch in plan.microbatches(rank, world)
    ]
    rows = sorted(row for microbatch in microbatches for row in range(16)[microbatch])
    assert rows == list(range(16))
    assert len({microbatch.stop - microbatch.start for microbatch in microbatches}) == 1


@pytest.mark.parametrize(("batch_size", "world", "accumulate"), [(8, 3, 1), (8, 2, 3), (2, 4, 1)])
def test_a_batch_that_does_not_divide_is_refused(batch_size, world, accumulate):
    plan = replace(PLAN, batch_size=batch_size, accumulate=accumulate)
    with pytest.raises(TrainingError, match=f"got {batch_size}"):
        plan.microbatches(0, world)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("learning_rate", float("nan")),
        ("accumulate", 0),
        ("keep_last", 0),
        ("layer_decay", 1.5),
        ("ema", 1.0),
        ("compile", "yes"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(TrainingError, match=name):
        replace(PLAN, **{name: value})


def test_sharded_weights_and_compilation_exclude_each_other():
    with pytest.raises(TrainingError, match="leave out one"):
        replace(PLAN, compile="on", shard_weights=True)


def test_the_last_step_is_validated_and_no_other_stands_close_before_it():
    for steps in range(1, 50):
        plan = replace(PLAN, steps=steps, validations=8)
        moments = [step for step in range(1, steps + 1) if plan.validates_after(step)]
        assert moments[-1] == steps
        gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
        assert all(gap >= max(1, steps // 8) for gap in gaps)


def test_what_decides_no_number_is_no_part_of_what_a_run_is():
    other = replace(PLAN, accumulate=2, keep_last=5, save_every_seconds=1.0, compile="off")
    assert other.identity == PLAN.identity
    assert replace(PLAN, ema=0.9).identity != PLAN.identity
