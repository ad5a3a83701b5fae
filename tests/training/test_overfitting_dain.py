import pytest
import torch
from torch.nn import functional

from cafi.training.trainees import make_trainee
from cafi.training.windows import Windows

SIZES = {"flow": 4, "depth": 1, "kernels": 4, "context": 4, "synthesis": 16, "blocks": 1}
SIDE, STEPS = 64, 70


def _movie():
    """Eight frames of a texture that moves by 1.5 pixels to the left and 1 down from frame to frame."""
    random = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 1, 24, 24, generator=random)
    texture = functional.interpolate(coarse, size=(128, 128), mode="bicubic").clamp(0, 1)
    axis = torch.arange(SIDE) - SIDE / 2 + 0.5
    frames = []
    for k in range(8):
        y, x = torch.meshgrid((axis - k) / 64, (axis + 1.5 * k) / 64, indexing="ij")
        frames.append(functional.grid_sample(texture, torch.stack([x, y], -1)[None], align_corners=False)[0, 0])
    return torch.stack(frames)


def _windows(frames, first):
    """The middles of (0, 2), (2, 4), (4, 6), or of the same one frame later."""
    ends, truth = frames[first::2][:4], frames[first + 1 :: 2][:3, None]
    seen = torch.stack([ends[[0, 0, 1]], ends[:3], ends[1:], ends[[2, 3, 3]]], 1)
    times = torch.tensor([-1.0, 0, 1, 2]).expand(3, -1)
    return Windows(seen, times, torch.full((3,), 0.5), torch.ones(3, 4), seen, truth, truth, torch.zeros_like(truth))


def _psnr(network, both):
    errors = []
    for windows in both:
        first, last = (windows.frames[:, k : k + 1].expand(-1, 3, -1, -1) for k in (1, 2))
        errors.append((network(first, last, windows.t).mean.mean(1, keepdim=True) - windows.truth).square().mean())
    return float(-10 * torch.stack(errors).mean().log10())


@pytest.mark.slow
def test_a_window_of_eight_frames_is_learned_by_heart():
    trainee, frames = make_trainee("dain", SIZES, {"charbonnier": 1.0, "flow": 0.1}, 0), _movie()
    network, both = trainee.network.train(), [_windows(frames, 0), _windows(frames, 1)]
    optimiser = torch.optim.Adamax(network.parameters(), 5e-3)
    with torch.no_grad():
        assert _psnr(network, both) < 27
    for step in range(STEPS):
        share = min(1.0, (step + 1) / 10, 3 * (STEPS - step) / STEPS)
        optimiser.param_groups[0]["lr"] = 5e-3 * share
        loss = torch.stack(list(trainee.losses(network, both[step % 2]).values())).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        assert _psnr(network, both) > 35
