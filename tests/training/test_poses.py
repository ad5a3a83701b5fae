"""Flips, transposition and time reversal happen to all frames of a window alike."""

import torch

from cafi.training.clips import Clips
from cafi.training.windows import windows

TIMES = torch.tensor([-1.0, 0.0, 0.3, 0.5, 1.0, 2.5])


def _made(count=256):
    """Windows of clips that brighten with time, over one asymmetric pattern."""
    pattern = torch.rand(16, 16, generator=torch.Generator().manual_seed(1))
    frames = (pattern + TIMES[:, None, None]).expand(count, -1, -1, -1).contiguous()
    return pattern, windows(Clips(frames, TIMES.expand(count, -1)), 16, torch.Generator().manual_seed(2))


def test_all_frames_of_a_window_have_one_pose():
    _, made = _made()
    difference = torch.cat([made.clean, made.truth], 1) - made.clean[:, 1:2]
    assert difference.std((2, 3)).max() < 1e-5


def test_all_eight_poses_occur_both_ways_in_time():
    pattern, made = _made()
    poses = [p.rot90(k) for p in (pattern, pattern.T) for k in range(4)]
    gain = (made.clean[:, 2] - made.clean[:, 1]).mean((1, 2))  # negative where time was reversed
    seen = set()
    for i in range(len(gain)):
        shown = made.clean[i, 1] - made.clean[i, 1].mean()
        errors = [float((shown - gain[i].abs() * (p - p.mean())).abs().max()) for p in poses]
        assert min(errors) < 1e-4
        seen.add((errors.index(min(errors)), bool(gain[i] > 0)))
    assert len(seen) == 16


def test_reversed_clips_have_reversed_times():
    _, made = _made()
    gain = (made.clean[:, 2] - made.clean[:, 1]).mean((1, 2))
    whole = made.valid.all(1)
    forward, backward = TIMES[[0, 1, 4, 5]], 1 - TIMES.flip(0)[[0, 1, 4, 5]]
    assert torch.allclose(made.times[whole & (gain > 0)], forward)
    assert torch.allclose(made.times[whole & (gain < 0)], backward)
    assert {round(t, 2) for t in made.t[gain > 0].tolist()} == {0.3, 0.5}
    assert {round(t, 2) for t in made.t[gain < 0].tolist()} == {0.5, 0.7}
