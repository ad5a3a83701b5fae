"""Predictions of neighbouring gaps are compared whatever their order, and across a kill."""

import itertools

import numpy as np
import pytest

from cafi.api.cycles import Cycles, cycle_of
from cafi.engine.partial import Partial, open_partial
from cafi.movie.frames import FrameTable
from cafi.quality.warnings.cycle import cycle

RNG = np.random.default_rng(0)
FRAMES = RNG.random((4, 1, 40, 40)).astype(np.float32)
MADE = RNG.random((3, 1, 40, 40)).astype(np.float32)
# The second gap is twice as long, and its predicted frame lies at a quarter of it.
TABLE = FrameTable(
    "t",
    "s",
    np.array([0, 0.5, 1, 1.5, 3, 3.5, 4]),
    np.array([0, 1, 0, 1, 0, 1, 0], np.uint8),
    np.array([0, 0, 1, 1, 2, 2, 3]),
    np.array([0, 0.5, 0, 0.25, 0, 0.5, 0]),
    np.array([0.0, 1, 3, 4]),
)
MIDDLES = {0: 1, 1: 3, 2: 5}


def partial_in(tmp_path) -> Partial:
    return open_partial(tmp_path / "out.tif", {}, resume=True, overwrite=False)


def see(cycles, gap):
    cycles.see(gap, 0, MADE[gap], (FRAMES[gap], FRAMES[gap + 1]))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_gives_the_same_and_leaves_nothing(tmp_path, order):
    partial = partial_in(tmp_path)
    cycles = Cycles(TABLE, MIDDLES, partial)
    for gap in order:
        see(cycles, gap)
    first, second = cycle(MADE[0], MADE[1], FRAMES[1], 0.5)[0], cycle(MADE[1], MADE[2], FRAMES[2], 0.75)[0]
    assert [cycle_of(partial, gap, 0, 0) for gap in range(3)] == [first, (first + second) / 2, second]
    assert not list((partial.folder / "around").iterdir())


def test_a_killed_run_goes_on_with_what_it_had(tmp_path):
    see(Cycles(TABLE, MIDDLES, partial_in(tmp_path)), 0)
    again = partial_in(tmp_path)
    see(Cycles(TABLE, MIDDLES, again), 1)
    assert cycle_of(again, 0, 0, 0) == cycle(MADE[0], MADE[1], FRAMES[1], 0.5)[0]
    assert cycle_of(again, 2, 0, 0) is None


@pytest.mark.parametrize("left", [0, 7, 200])
def test_a_damaged_copy_is_not_compared(tmp_path, left):
    see(Cycles(TABLE, MIDDLES, partial_in(tmp_path)), 0)
    [copy] = (tmp_path / "out.tif.partial" / "around").iterdir()
    copy.write_bytes(copy.read_bytes()[:left])
    again = partial_in(tmp_path)
    for gap in (1, 2):
        see(Cycles(TABLE, MIDDLES, again), gap)
    assert cycle_of(again, 0, 0, 0) is None
    assert cycle_of(again, 2, 0, 0) == cycle(MADE[1], MADE[2], FRAMES[2], 0.75)[0]


def test_depths_do_not_mix_and_a_break_is_no_neighbour(tmp_path):
    partial = partial_in(tmp_path)
    cycles = Cycles(TABLE, {0: 1, 2: 5}, partial)
    cycles.see(0, 0, MADE[0], (FRAMES[0], FRAMES[1]))
    cycles.see(1, 1, MADE[1], (FRAMES[1], FRAMES[2]))
    assert not [key for key in partial.notes if key.startswith("cycle")]
