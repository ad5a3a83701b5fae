"""Optics: blur keeps light and has its width, relief shows slopes, contrasts stay finite."""

import pytest
import torch

from cafi.simulation import optics


def point(side=64):
    light = torch.zeros(1, 1, side, side)
    light[..., side // 2, side // 2] = 1
    return light


def test_blur_keeps_light_and_has_the_stated_width():
    seen = optics.blur(point(), 2.0)[0, 0]
    offset = torch.arange(64.0) - 32
    assert float(seen.sum()) == pytest.approx(1, abs=1e-5)
    assert float((seen.sum(0) * offset**2).sum()) == pytest.approx(4, rel=0.03)


def test_relief_of_even_light_is_flat():
    seen = optics.relief(torch.full((1, 2, 32, 32), 0.7), torch.Generator().manual_seed(0))
    assert float(seen.std()) < 1e-5


@pytest.mark.parametrize("contrast", [contrast for contrast, _ in optics.CONTRASTS])
def test_contrasts_change_light_and_stay_finite(contrast):
    light = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    seen = contrast(light, torch.Generator().manual_seed(1))
    assert seen.shape == light.shape
    assert torch.isfinite(seen).all()
    assert float((seen - light).abs().mean()) > 0.01


def test_shading_is_the_same_in_every_frame_and_positive():
    factor = optics.shading((4, 6, 64, 64), torch.Generator().manual_seed(0))
    assert factor.shape == (4, 1, 64, 64)
    assert float(factor.min()) >= 0.2
