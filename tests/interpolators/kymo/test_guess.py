import pytest
import torch

from cafi.interpolators.kymo.guess import guess_velocity
from cafi.interpolators.kymo.motion import Window


def _moving(shift, t=0.5, copies=1):
    random = torch.Generator().manual_seed(0)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 160, 160, generator=random), 5, 1, 2)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    frames = torch.cat([texture.roll(k * shift, 3) for k in (-1, 0, 1, 2)], 1)[..., :128, 16:144]
    times = torch.tensor([[-1.0, 0, 1, 2]])
    window = (frames, times, torch.tensor([t]), torch.ones(1, 4))
    return Window(*(part.repeat_interleave(copies, 0) for part in window))


@pytest.mark.parametrize("shift", [0, 6])
@pytest.mark.parametrize("t", [0.2, 0.5])
def test_it_finds_how_far_a_texture_moved(shift, t):
    guess = guess_velocity(_moving(shift, t))
    assert guess.shape == (1, 2, 64, 64)
    inside = guess[..., 10:-10, 10:-10]
    assert inside[:, 0].median() == pytest.approx(shift / 2, abs=0.1)
    assert inside[:, 1].median() == pytest.approx(0, abs=0.1)


def test_several_windows_at_once_give_what_each_gives_alone():
    alone, together = guess_velocity(_moving(6)), guess_velocity(_moving(6, copies=3))
    assert torch.equal(together, alone.expand(3, -1, -1, -1))


def test_times_beside_the_middle_follow_what_moves():
    """What grows by a fifth over the gap: at x from its centre the displacement is 0.2 x / (1 + 0.2 t)."""
    random = torch.Generator().manual_seed(3)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 512, 512, generator=random), 9, 1, 4)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    half = torch.linspace(-0.4, 0.4, 256)
    grid = torch.stack(torch.meshgrid(half, half, indexing="xy"), -1)[None]
    frames = torch.cat(
        [torch.nn.functional.grid_sample(texture, grid / (1 + 0.2 * k), align_corners=True) for k in (-1, 0, 1, 2)], 1
    )
    x = (torch.arange(128) - 63.5)[90:110]
    for t in (0.1, 0.5, 0.9):
        window = Window(frames, torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([t]), torch.ones(1, 4))
        found = guess_velocity(window)[0, 0, 44:84, 90:110].mean(0)
        assert (found - 0.2 * x / (1 + 0.2 * t)).abs().max() < 0.15


@pytest.mark.parametrize("drift", [40, 70])
def test_it_follows_a_stage_that_drifts_further_than_optical_flow(drift):
    guess = guess_velocity(_drifting(drift))
    inside = guess[0, :, 16:-16, 48:-48]
    assert inside[0].median() == pytest.approx(drift / 2, abs=0.1)
    assert (inside[0] - drift / 2).abs().quantile(0.95) < 1


def _drifting(drift):
    random = torch.Generator().manual_seed(5)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 192, 600, generator=random), 9, 1, 4)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    return Window(torch.cat([texture[..., 172 - k * drift : 428 - k * drift] for k in (-1, 0, 1, 2)], 1), *_times())


def _times():
    return torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4)
