"""A frame painted in strips is the frame painted at once."""

import pytest
import torch

from cafi.interpolators.kymo import synthesis
from cafi.interpolators.kymo.motion import Motion, Window


def painted(monkeypatch, strip):
    monkeypatch.setattr(synthesis, "STRIP", strip)
    random = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=random)

    network = synthesis.Synthesis(12, 16)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.1 * draw(*parameter.shape))
    frames = draw(2, 4, 64, 96)
    valid = torch.tensor([[1.0, 1, 1, 1], [0, 1, 1, 1]])
    window = Window(frames, torch.tensor([[-1.0, 0, 1, 2]]).expand(2, 4), torch.tensor([0.5, 0.3]), valid)
    motion = Motion(4 * draw(2, 2, 32, 48), draw(2, 8, 32, 48))
    half = torch.nn.functional.avg_pool2d(frames, 2)
    return network(window, half, motion, draw(2, 12, 16, 24), draw(2, 5))


@pytest.mark.parametrize("strip", [8 * 96, 24 * 96, 40 * 96])
def test_strips_show_no_seams(monkeypatch, strip):
    whole, strips = painted(monkeypatch, 2**20), painted(monkeypatch, strip)
    for one, other in zip(whole, strips, strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=1e-4)
