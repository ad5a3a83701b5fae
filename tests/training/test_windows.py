import pytest
import torch

from cafi.training.clips import Clips, Reservoir, gap_times
from cafi.training.data import Mixture
from cafi.training.windows import windows


def _ramps(count, side=40):
    """Clips whose clean value is the time at every pixel, so that frames, times and truth must fit together."""
    times = gap_times(count, torch.Generator().manual_seed(5))
    return Clips(times[:, :, None, None].expand(-1, -1, side, side).contiguous(), times)


def test_times_and_frames_stay_together_through_reversal_and_gain():
    random = torch.Generator().manual_seed(0)
    for _ in range(20):
        made = windows(_ramps(8), 32, random)
        level = made.clean.mean((2, 3))
        # clean = gain * time + offset, or the same falling with time where the clip was reversed.
        slope = level[:, 2] - level[:, 1]
        wanted = level[:, 1] + slope * made.t
        assert torch.allclose(made.truth.mean((1, 2, 3)), wanted, atol=1e-4)
        for k in (0, 3):
            ordinary = made.valid[:, k] > 0
            expected = level[:, 1] + slope * made.times[:, k]
            assert torch.allclose(level[ordinary, k], expected[ordinary], atol=1e-4)
        assert (made.times[:, 1] == 0).all()
        assert torch.allclose(made.times[:, 2], torch.tensor(1.0))
        assert ((made.t > 0) & (made.t < 1)).all()


def test_the_ends_of_a_movie_repeat_and_are_marked():
    random = torch.Generator().manual_seed(1)
    made = windows(_ramps(200), 32, random)
    missing = made.valid == 0
    assert 0.05 < missing[:, [0, 3]].float().mean() < 0.2
    assert not missing[:, 1:3].any()
    first = missing[:, 0]
    assert torch.equal(made.frames[first, 0], made.frames[first, 1])
    assert (made.times[first, 0] == 0).all()


def test_noise_has_the_variance_that_is_stated():
    random = torch.Generator().manual_seed(2)
    made = windows(Clips(torch.rand(64, 6, 1, 1).expand(-1, -1, 64, 64), gap_times(64, random)), 64, random)
    noise = (made.measured - made.truth).var((1, 2, 3))
    stated = made.variance.mean((1, 2, 3))
    assert float((noise / stated).median()) == pytest.approx(1, abs=0.1)


def test_a_reservoir_replaces_its_oldest():
    class Counting:
        made = 0

        def draw(self, count, random):
            self.made += count
            return Clips(torch.full((count, 6, 2, 2), float(self.made)), torch.zeros(count, 6))

    source, random = Counting(), torch.Generator().manual_seed(0)
    reservoir = Reservoir(source, 3, random, 1)
    for _ in range(3):
        drawn = reservoir.draw(50, random)
    assert source.made == 6
    assert set(drawn.frames.flatten().tolist()) == {4.0, 5.0, 6.0}


def test_a_mixture_keeps_its_shares():
    class Constant:
        def __init__(self, value):
            self.value = value

        def draw(self, count, random):
            return Clips(torch.full((count, 6, 1, 1), self.value), torch.zeros(count, 6))

    mixed = Mixture([(Constant(0.0), 0.7), (Constant(1.0), 0.3)])
    drawn = mixed.draw(4000, torch.Generator().manual_seed(0))
    assert len(drawn.times) == 4000
    assert float(drawn.frames.mean()) == pytest.approx(0.3, abs=0.03)
