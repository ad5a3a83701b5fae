import pytest
import torch
from torch.nn import functional

from cafi.training.trainee_dain import flow_loss
from cafi.training.trainees import make_trainee
from cafi.training.windows import Windows

SIZES = {"flow": 4, "depth": 1, "kernels": 4, "context": 4, "synthesis": 8, "blocks": 1}
TIMES = torch.tensor([[-1.0, 0, 1, 2]])


def _windows():
    frames = torch.rand(2, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    truth = frames[:, 1:3].mean(1, keepdim=True)
    t, valid = torch.tensor([0.5, 0.3]), torch.ones(2, 4)
    return Windows(frames, TIMES.expand(2, -1), t, valid, frames, truth, truth, torch.full_like(truth, 1e-4))


def test_gradients_of_the_published_loss_reach_every_layer():
    trainee = make_trainee("dain", SIZES, {}, 0)
    parts = trainee.losses(trainee.network, _windows())
    assert parts.keys() == {"charbonnier", "score"}
    torch.stack(list(parts.values())).sum().backward()
    gradients = {name: p.grad for name, p in trainee.network.named_parameters() if p.requires_grad}
    assert len(gradients) == len(list(trainee.network.parameters())) - 2  # those of flownets.deconv2 have no use
    assert [name for name, g in gradients.items() if g is None or not g.isfinite().all()] == []
    # Batch statistics take away whatever the bias of a convolution before them adds: its gradient is rounding.
    convolutions = {f"depthNet.{n}.bias" for n, m in trainee.network.depthNet.named_modules() if hasattr(m, "stride")}
    assert {name for name, g in gradients.items() if not g.any()} <= convolutions


def test_losses_are_what_they_say():
    trainee = make_trainee("dain", SIZES, {"charbonnier": 2.0, "score": 0.5}, 0)
    windows = _windows()
    trainee.network.eval()
    with torch.no_grad():
        parts = trainee.losses(trainee.network, windows)
        rgb = (windows.frames[:, k : k + 1].expand(-1, 3, -1, -1) for k in (1, 2))
        made = trainee.network(*rgb, windows.t).mean
    assert parts["charbonnier"] == pytest.approx(2 * float((made - windows.truth).abs().mean()), rel=1e-4)
    error = ((made.mean(1, keepdim=True) - windows.truth) ** 2).mean((1, 2, 3)) + 1e-4
    assert parts["score"] == pytest.approx(float((error + 1e-4).log().mean()), rel=1e-4)


def test_the_flow_loss_knows_the_right_flow():
    random = torch.Generator().manual_seed(1)
    first = functional.interpolate(torch.rand(1, 1, 16, 16, generator=random), scale_factor=4.0, mode="bicubic")
    last = first.roll(8, 3)  # 8 pixels to the right

    def loss(pixels):
        levels = [torch.zeros(1, 2, side, side) for side in (16, 8, 4)]
        for level in levels:
            level[:, 0] = pixels / 20
        return float(flow_loss(levels, first, last))

    assert loss(8) < min(loss(x) for x in (-8, 0, 4, 12)) - 0.3


def test_training_and_validation_are_told_apart():
    """Batch statistics are learned in training alone, and holes are filled in validation alone."""
    trainee, windows = make_trainee("dain-small", SIZES, {"flow": 1.0}, 0), _windows()
    before = trainee.network.depthNet[1].running_mean.clone()
    with torch.no_grad():
        trainee.losses(trainee.network.eval(), windows)
        assert torch.equal(trainee.network.depthNet[1].running_mean, before)
        assert "flow" in trainee.losses(trainee.network.train(), windows)
    assert not torch.equal(trainee.network.depthNet[1].running_mean, before)
