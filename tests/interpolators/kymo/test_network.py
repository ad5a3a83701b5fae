import pytest
import torch

from cafi.interpolators.kymo.contrast import local_contrast
from cafi.interpolators.kymo.motion import Motion, Window, beyond, moved
from cafi.interpolators.kymo.network import Architecture, Kymo, parameters

TIMES = torch.tensor([[-1.0, 0.0, 1.0, 2.0]])
SMALL = Architecture(far=16, farther=16, farthest=16, near=16, synthesis=16)


def _window(side=64, t=0.5, seed=0):
    frames = torch.rand(1, 4, side, side, generator=torch.Generator().manual_seed(seed))
    return Window(frames, TIMES, torch.tensor([t]), torch.ones(1, 4))


def _moving(shift, side=128, t=0.5):
    random = torch.Generator().manual_seed(0)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, side + 64, side + 64, generator=random), 7, 1, 3)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    frames, truth = (
        torch.cat([texture[..., 32 : 32 + side, 32 - k : 32 - k + side] for k in shifts], 1)
        for shifts in ([-shift, 0, shift, 2 * shift], [round(t * shift)])
    )
    return Window(frames, TIMES, torch.tensor([t]), torch.ones(1, 4)), truth


def _network(architecture=SMALL):
    torch.manual_seed(0)
    return Kymo(architecture).eval()


def test_it_is_small():
    assert parameters(_network(Architecture())) < 4_000_000


def test_shapes():
    with torch.no_grad():
        answer = _network()(_window())
    assert answer.mean.shape == answer.scale.shape == (1, 1, 64, 64)
    assert answer.flows.shape == (1, 4, 2, 64, 64)
    assert [step.velocity.shape for step in answer.steps] == [(1, 2, 32, 32)] * 2
    assert answer.features.shape == (1, 16, 16, 16)
    assert (answer.scale > 0).all()


def test_untrained_it_averages_what_stands_still():
    """With silent last layers the answer to four equal frames is that frame."""
    frame = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    window = Window(frame.expand(-1, 4, -1, -1), TIMES, torch.tensor([0.3]), torch.ones(1, 4))
    with torch.no_grad():
        answer = _network()(window)
    assert (answer.mean - frame).abs().max() < 1e-5


@pytest.mark.parametrize("t", [0.25, 0.5])
def test_untrained_it_follows_the_guess(t):
    window, truth = _moving(8, t=t)
    still = window.frames[:, 1:3].mean(1, keepdim=True)
    with torch.no_grad():
        mean = _network()(window).mean
    inside = (..., slice(24, -24), slice(24, -24))
    error, without = ((image - truth)[inside].square().mean() for image in (mean, still))
    assert error < 0.06 * without


def test_a_constant_scene_stays_as_it_is_whatever_the_weights():
    """The frame is made of the acquired ones alone: there is no residual that could change brightness."""
    network = _network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
        answer = network(Window(torch.full((1, 4, 64, 64), 0.37), TIMES, torch.tensor([0.4]), torch.ones(1, 4)))
    assert (answer.mean - 0.37).abs().max() < 1e-5


def test_what_stands_for_a_missing_frame_is_not_looked_at():
    network, window = _network(), _window()
    valid = torch.tensor([[0.0, 1.0, 1.0, 1.0]])
    frames = torch.cat([window.frames[:, 1:2], window.frames[:, 1:]], 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
        all_, three = (network(Window(frames, window.times, window.t, v)).mean for v in (torch.ones(1, 4), valid))
        moved_away = network(Window(frames, window.times - torch.tensor([[3.0, 0, 0, 0]]), window.t, valid)).mean
    assert not torch.allclose(all_, three)
    assert torch.equal(three, moved_away)


@pytest.mark.parametrize("t", [0.25, 0.5])
def test_uniform_motion_reaches_every_frame(t):
    velocity = torch.tensor([8.0, -4.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    flows = Motion(velocity, torch.zeros(1, 8, 4, 4)).flows(_window(t=t))
    for k, time in enumerate((-1, 0, 1, 2)):
        assert flows[0, k, :, 0, 0].tolist() == pytest.approx([8 * (time - t), -4 * (time - t)])


def test_each_frame_moves_along_its_own_flow():
    window = _window()
    flows = torch.zeros(1, 4, 2, 64, 64)
    flows[:, 2, 0] = 3
    fetched = moved(window.frames, flows)
    assert torch.allclose(fetched[:, 2, :, :-3], window.frames[:, 2, :, 3:], atol=1e-5)
    assert torch.allclose(fetched[:, 1], window.frames[:, 1], atol=1e-5)
    assert (fetched[:, 2, :, -3:] == 0).all()  # beyond the border there is nothing


def test_what_lies_beyond_the_border_is_measured_in_pixels():
    flows = torch.zeros(1, 4, 2, 8, 10)
    flows[0, 1, 0], flows[0, 2, 1] = 3.5, -2.0
    out = beyond(flows)
    assert out[0, 0].abs().max() == 0
    assert out[0, 1, 4].tolist() == [0, 0, 0, 0, 0, 0, 0.5, 1.5, 2.5, 3.5]
    assert out[0, 2, :, 4].tolist() == [2, 1, 0, 0, 0, 0, 0, 0]


def test_content_that_enters_is_taken_from_the_frame_that_shows_it():
    """What comes in over an edge is in one frame only; the edge of the other must not be smeared over it."""
    window, truth = _moving(12)
    with torch.no_grad():
        mean = _network()(window).mean
    edge = (..., slice(16, -16), slice(-5, None))
    smeared = (window.frames[:, 1:2, :, -1:] - truth)[edge].square().mean()
    assert (mean - truth)[edge].square().mean() < 0.5 * smeared


def test_local_contrast_forgets_brightness_and_gain():
    frames = torch.rand(1, 4, 64, 64, generator=torch.Generator().manual_seed(2))
    dim = local_contrast(0.4 * frames + 0.3)
    assert (local_contrast(frames) - dim).abs().max() < 0.02
    assert local_contrast(frames).std() == pytest.approx(1, abs=0.1)
