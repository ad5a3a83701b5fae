"""Motion is a function of time, and diffusion has the mean square displacement of its process."""

import pytest
import torch

from cafi.simulation.motion import Pace, diffusion, fixed_stage, flow, paths, swing, wandering_stage

TIMES = torch.tensor([[-1.0, 0.0, 0.3, 0.5, 1.0, 4.0]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pace(times, pixels=3.0):
    return Pace(torch.full((len(times),), pixels), fixed_stage(times))


@pytest.mark.parametrize("lag", [0.25, 1.0, 4.0])
def test_free_diffusion_spreads_in_proportion_to_time(lag):
    times = torch.tensor([[2.0, 2.0 + lag]])
    place = diffusion(times, torch.zeros(1, 1, 20000, 1), seeded())
    spread = (place[:, 1] - place[:, 0]).square().mean()
    assert float(spread) == pytest.approx(lag, rel=0.07)


def test_confined_diffusion_stays():
    times = torch.tensor([[0.0, 2.0, 20.0]])
    place = diffusion(times, torch.full((1, 1, 20000, 1), 3.0), seeded())
    near, far = (place[:, i].square().mean() for i in (1, 2))
    # Ornstein-Uhlenbeck of stiffness k: mean square displacement (1 - exp(-k t)) / k.
    assert float(far) == pytest.approx(1 / 3, rel=0.1)
    assert float(near) == pytest.approx(1 / 3, rel=0.1)


@pytest.mark.parametrize(
    "make", [lambda t: paths(7, 64, pace(t), t, seeded())[1], lambda t: flow(64, pace(t), t, seeded())]
)
def test_a_time_alone_gives_what_it_gives_among_others(make):
    whole = make(TIMES)
    for k in range(TIMES.shape[1]):
        torch.testing.assert_close(make(TIMES[:, k : k + 1])[:, 0], whole[:, k], rtol=1e-4, atol=1e-4)


def test_nothing_has_flowed_at_the_reference_time():
    assert float(flow(64, pace(TIMES), TIMES, seeded())[:, 3].abs().max()) == 0


def test_the_stage_moves_everything():
    moved = Pace(torch.tensor([3.0]), torch.tensor([2.0, -5.0]).expand(1, 6, 2))
    still, shifted = (paths(7, 64, p, TIMES, seeded())[1] for p in (pace(TIMES), moved))
    torch.testing.assert_close(shifted - still, torch.tensor([2.0, -5.0]).expand_as(still))
    still, shifted = (flow(64, p, TIMES, seeded()) for p in (pace(TIMES), moved))
    torch.testing.assert_close(shifted - still, torch.tensor([-5.0, 2.0])[:, None, None].expand_as(still))


def test_some_stages_drift_or_jump():
    moved = wandering_stage(TIMES.expand(1000, -1), seeded()).norm(dim=-1)
    moving = (moved[:, -1] - moved[:, 0]).abs() > 0.1
    assert 0.08 < float(moving.float().mean()) < 0.2


def test_swinging_starts_at_full_speed_and_stays_bounded():
    time = torch.linspace(-100, 100, 10001)
    way = swing(time, 4.0)
    assert float(way.abs().max()) == pytest.approx(4, abs=1e-3)
    assert float(swing(torch.tensor(0.01), 4.0)) == pytest.approx(0.01, rel=1e-4)
