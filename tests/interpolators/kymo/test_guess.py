import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from cafi.interpolators.classical.dis import Motion as DisMotion
from cafi.interpolators.kymo import guess as guessing
from cafi.interpolators.kymo.guess import forget_motions, guess_velocity
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
    windows = [_moving(shift) for shift in (6, 4, 2)]
    together = guess_velocity(Window(*(torch.cat([getattr(w, part) for w in windows]) for part in vars(windows[0]))))
    forget_motions()
    assert torch.equal(together, torch.cat([guess_velocity(window) for window in windows]))


@pytest.fixture
def counted(monkeypatch):
    """A motion of ones that takes a while, and the threads in which it was estimated."""
    threads = []

    def estimate(first, last, finest, helpers=None):
        threads.append(threading.get_ident())
        time.sleep(0.05)
        ones = np.ones((*first.shape, 2), np.float32)
        return DisMotion(ones, -ones, ones)

    monkeypatch.setattr(guessing, "estimate_motion", estimate)
    forget_motions()
    yield threads
    forget_motions()


def test_one_motion_serves_every_time_in_a_gap(counted):
    for t in (0.25, 0.5, 0.75):
        assert guess_velocity(_moving(6, t)).mean() == 1
    assert len(counted) == 1
    guess_velocity(_moving(4))
    guess_velocity(_moving(6))
    assert len(counted) == 2
    forget_motions()
    guess_velocity(_moving(6))
    assert len(counted) == 3


def test_threads_that_need_one_motion_wait_for_it(counted):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda t: guess_velocity(_moving(6, t)).mean(), (0.2, 0.4, 0.6, 0.8)))
    assert found == [1] * 4
    assert len(counted) == 1


def test_what_failed_is_tried_again(counted, monkeypatch):
    working = guessing.estimate_motion

    def fails(*_frames, **_options):
        raise MemoryError

    monkeypatch.setattr(guessing, "estimate_motion", fails)
    for _ in range(2):
        with pytest.raises(MemoryError):
            guess_velocity(_moving(6))
    monkeypatch.setattr(guessing, "estimate_motion", working)
    assert guess_velocity(_moving(6)).mean() == 1


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
