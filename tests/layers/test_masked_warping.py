import math

import torch

from cafi.layers.masked_warping import masked_warp
from tests.parity import tensors


def _literal(image, flow):
    out = torch.zeros_like(image)
    height, width = image.shape[-2:]
    for n in range(len(image)):
        for y in range(height):
            for x in range(width):
                px, py = x + float(flow[n, 0, y, x]), y + float(flow[n, 1, y, x])
                if not (0 <= px <= width - 1 and 0 <= py <= height - 1):
                    continue
                ix, iy = min(math.floor(px), width - 2), min(math.floor(py), height - 2)
                a, b = px - ix, py - iy
                out[n, :, y, x] = (1 - b) * ((1 - a) * image[n, :, iy, ix] + a * image[n, :, iy, ix + 1]) + b * (
                    (1 - a) * image[n, :, iy + 1, ix] + a * image[n, :, iy + 1, ix + 1]
                )
    return out


def _case():
    random = torch.Generator().manual_seed(0)
    image = torch.rand(2, 2, 6, 8, generator=random, dtype=torch.float64)
    return image, 3 * torch.randn(2, 2, 6, 8, generator=random, dtype=torch.float64)


def test_it_is_its_definition():
    torch.testing.assert_close(masked_warp(*_case()), _literal(*_case()))


def test_pwcwarp_out_of_the_published_network():
    unit = tensors("units")
    warped = masked_warp(unit["pwcwarp_x"], unit["pwcwarp_flow"])
    assert (warped - unit["pwcwarp_out_align_corners_true"]).abs().max() < 1e-5
    assert (warped - unit["pwcwarp_out_align_corners_false"]).abs().max() > 0.1


def test_gradients():
    assert torch.autograd.gradcheck(masked_warp, tuple(v[:1].requires_grad_() for v in _case()))
