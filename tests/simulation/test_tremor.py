"""A tremor has its strength, is hardly foretold by frames a unit of time apart, and is a function of time."""

import pytest
import torch

from cafi.simulation.motion import Pace, fixed_stage, flow, paths
from cafi.simulation.tremor import stirring, trembling_stage, tremor, unsteady

FRAMES = 0.5 + torch.arange(-5, 6.0)[None]
LONG = 0.5 + 0.37 * torch.arange(0, 400.0)[None]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def spread(waves):
    """Root mean square of what differs from each one's mean over time."""
    return float((waves - waves.mean(1, keepdim=True)).square().mean().sqrt())


def test_its_standard_deviation_over_time_is_one():
    assert spread(tremor((), LONG.expand(2000, -1), seeded())) == pytest.approx(1, abs=0.05)


def test_the_middle_of_a_gap_is_hardly_foretold():
    times = torch.tensor([[-1.0, 0.0, 0.49, 1.0, 2.0]]).expand(40000, -1)
    before, first, middle, last, after = tremor((), times, seeded()).unbind(1)
    off = middle - (first + last) / 2
    # What a cubic through all four frames would add to the mean of the ends.
    told = (first + last - before - after) / 16
    assert float(off.std()) == pytest.approx(0.74, abs=0.06)
    assert abs(float((off * told).mean() / (off.std() * told.std()))) < 0.1


def test_a_time_alone_gives_what_it_gives_among_others():
    whole = stirring(64, torch.tensor([2.0]), FRAMES, seeded())
    for k in (0, 4, 10):
        torch.testing.assert_close(stirring(64, torch.tensor([2.0]), FRAMES[:, k : k + 1], seeded())[:, 0], whole[:, k])
    assert float(whole[:, 5].abs().max()) == 0


def test_each_place_trembles_by_its_own_amount_and_folds_nothing():
    moved = stirring(128, torch.tensor([1.0]).expand(60), FRAMES.expand(60, -1), seeded())
    assert 0.7 < spread(moved) < 1.1
    wild = stirring(128, torch.tensor([100.0]).expand(20), FRAMES.expand(20, -1), seeded())
    squeezed = (wild[:, :, 0, :, 1:] - wild[:, :, 0, :, :-1]) < -1
    assert float(squeezed.float().mean()) < 4e-3


def test_things_and_tissue_tremble_as_their_pace_says():
    times = LONG.expand(4, -1)[:, ::4]
    still = Pace(torch.zeros(4), fixed_stage(times))
    trembling = Pace(still.pixels, still.stage, torch.full((4,), 1.0))
    assert float(paths(200, 64, still, times, seeded())[1].abs().max()) == 0
    assert spread(paths(200, 64, trembling, times, seeded())[1]) == pytest.approx(1, rel=0.08)
    assert spread(paths(200, 64, trembling.slower(0.25), times, seeded())[1]) == pytest.approx(0.25, rel=0.08)
    assert spread(flow(64, trembling, times, seeded())) == pytest.approx(1, rel=0.35)


def test_half_of_the_stages_tremble():
    moved = trembling_stage(FRAMES.expand(2000, -1), seeded())
    size = (moved - moved.mean(1, keepdim=True)).square().mean((1, 2)).sqrt()
    assert float((size > 0.01).float().mean()) == pytest.approx(0.5, abs=0.04)


def test_an_unsteady_clock_runs_at_its_pace_on_the_whole():
    late = unsteady(LONG.expand(400, -1), seeded()) - LONG
    assert float(late.mean(1).abs().max()) < 0.5
    assert float((late.abs().amax(1) > 1e-4).float().mean()) == pytest.approx(0.6, abs=0.07)
    assert 0.015 < spread(late) < 0.18
