import pytest
import torch
from torch.nn import functional

from cafi.training.losses import charbonnier_loss
from cafi.training.recipes import Optimisation
from cafi.training.schedule import share_of_rate
from cafi.training.trainees import make_trainee
from cafi.training.windows import Windows

TINY = {"features": 8, "groups": 2, "front": 1, "back": 1}
ZOOMS = {"zoom_1": 1.0, "zoom_2": 0.5, "zoom_4": 0.5}


def _movie(side, count=8):
    """A texture that moves two pixels from frame to frame."""
    random = torch.Generator().manual_seed(0)
    texture = functional.avg_pool2d(torch.rand(1, 1, 96, 96, generator=random), 5, 1, 2)[0, 0]
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    return torch.stack([texture[4 : 4 + side, 20 - 2 * k : 20 - 2 * k + side] for k in range(count)])


def _spots(side, count=8):
    """Two soft spots on their ways."""
    along = torch.arange(side, dtype=torch.float32)
    y, x = torch.meshgrid(along, along, indexing="ij")

    def spot(top, left, width):
        return (-((y - top) ** 2 + (x - left) ** 2) / (2 * width**2)).exp()

    return torch.stack([0.2 + 0.5 * spot(5, 3 + k, 2.5) + 0.3 * spot(11 - k / 2, 11, 2) for k in range(count)])


def _windows(movie):
    """Both windows of four frames, every second one left out, that eight frames hold."""
    seen = torch.stack([movie[[0, 2, 4, 6]], movie[[1, 3, 5, 7]]])
    truth = movie[3:5][:, None]
    times = torch.tensor([[-1.0, 0, 1, 2]]).expand(2, -1)
    half, valid = torch.full((2,), 0.5), torch.ones(2, 4)
    return Windows(seen, times, half, valid, seen, truth, truth, torch.zeros_like(truth))


def test_gradients_reach_every_layer():
    trainee = make_trainee("zooming-slowmo-small", TINY, ZOOMS, seed=0)
    # Zero-initialised layers hand on no gradient to those before them until they have learned something.
    for name, parameter in trainee.network.named_parameters():
        if "conv_offset_mask" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    windows = _windows(_movie(32))
    for _ in range(2):  # two frames, then four
        torch.stack(list(trainee.losses(trainee.network, windows).values())).sum().backward()
    still = [name for name, p in trainee.network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


def test_what_no_zoom_of_the_recipe_uses_is_not_trained():
    trainee = make_trainee("zooming-slowmo-small", TINY, {}, seed=0)
    assert trainee.multiple == 4
    torch.stack(list(trainee.losses(trainee.network, _windows(_movie(16))).values())).sum().backward()
    unused = {name.split(".")[0] for name, p in trainee.network.named_parameters() if p.grad is None}
    assert unused == {"upconv1", "upconv2"}


@pytest.mark.slow
def test_it_learns_a_window_of_eight_frames_by_heart():
    trainee = make_trainee("zooming-slowmo-small", {"features": 16, "groups": 2, "front": 1, "back": 2}, {}, seed=0)
    windows, steps, rate = _windows(_spots(16)), 180, 3e-3
    optimiser = torch.optim.Adam(trainee.network.parameters(), rate, betas=(0.9, 0.99))
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 10, 2 * (steps - step) / steps)
        torch.stack(list(trainee.losses(trainee.network, windows).values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(trainee.network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    for frames in (windows.frames, windows.frames[:, 1:3]):
        with torch.no_grad():
            made = trainee.network(frames[:, :, None].expand(-1, -1, 3, -1, -1), at=[frames.shape[1] - 1])
        error = ((made[:, 0].mean(1, keepdim=True) - windows.truth) ** 2).mean()
        assert -10 * error.log10() > 35


def test_the_score_is_told_whether_or_not_it_is_made_small():
    windows = _windows(_movie(16))
    parts = []
    for weights in ({"score": 0.0}, {"score": 1.0}):
        trainee = make_trainee("zooming-slowmo-small", TINY, weights, seed=0)
        parts.append(trainee.losses(trainee.network, windows))
    assert parts[0]["score"].item() == pytest.approx(parts[1]["score"].item())
    assert not parts[0]["score"].requires_grad or torch.autograd.grad(
        parts[0]["score"], list(trainee.network.parameters()), allow_unused=True
    ) == (None,) * len(list(trainee.network.parameters()))
    assert parts[1]["score"].requires_grad


def test_charbonnier_is_its_definition():
    d = torch.tensor([0.0, 0.001, -2.0])
    expected = sum((float(x) ** 2 + 1e-6) ** 0.5 for x in d) / 3
    assert charbonnier_loss(d, torch.zeros(3)).item() == pytest.approx(expected)


def test_the_rate_falls_in_cycles():
    how = Optimisation(steps=400, warm_up=1, cycles=4)
    rates = [share_of_rate(how, step, 0) for step in (0, 25, 50, 99, 100, 150)]
    assert rates == pytest.approx([1, 0.8536, 0.5, 0.0002, 1, 0.5], abs=1e-4)
