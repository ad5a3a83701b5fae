import pytest
import torch

from cafi.interpolators.kymo.guess import at_level, guess_velocity
from cafi.interpolators.kymo.motion import Window


def _moving(shift):
    random = torch.Generator().manual_seed(0)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 160, 160, generator=random), 5, 1, 2)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    frames = torch.cat([texture.roll(k * shift, 3) for k in (-1, 0, 1, 2)], 1)[..., :128, 16:144]
    return Window(frames, torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4))


@pytest.mark.parametrize("shift", [0, 6])
def test_it_finds_how_far_a_texture_moved(shift):
    guess = guess_velocity(_moving(shift))
    assert guess.shape == (1, 2, 64, 64)
    inside = guess[..., 10:-10, 10:-10]
    assert inside[:, 0].median() == pytest.approx(shift / 2, abs=0.1)
    assert inside[:, 1].median() == pytest.approx(0, abs=0.1)


def test_coarser_grids_have_shorter_displacements():
    level = at_level(torch.full((1, 2, 64, 64), 8.0), 16)
    assert level.shape == (1, 2, 16, 16)
    assert torch.allclose(level, torch.tensor(2.0))
