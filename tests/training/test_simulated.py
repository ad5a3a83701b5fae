import pytest
import torch

from cafi.simulation.world import simulate_light
from cafi.training import simulated
from cafi.training.clips import gap_times
from cafi.training.simulated import Simulation


@pytest.mark.parametrize(("share", "factor"), [(0.0, 1), (1.0, 2)])
def test_worlds_are_seen_as_they_are_or_at_half_their_size(share, factor, monkeypatch):
    monkeypatch.setattr(simulated, "FINE", share)
    clips = Simulation(32).draw(2, torch.Generator().manual_seed(5))
    random = torch.Generator().manual_seed(5)
    times = gap_times(2, random)
    torch.rand((), generator=random)
    light = simulate_light(32 * factor, times, random)
    expected = light.unflatten(-1, (-1, factor)).unflatten(-3, (-1, factor)).mean((-1, -3))
    assert torch.equal(clips.times, times)
    assert torch.allclose(clips.frames, expected, atol=1e-5)
