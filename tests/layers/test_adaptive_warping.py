import torch
from torch.nn import functional

from cafi.layers.adaptive_warping import adaptive_warp
from tests.parity import tensors


def _literal(image, flow, kernels):
    out = image.clone()
    n, _, height, width = image.shape
    for i in range(n):
        for y in range(height):
            for x in range(width):
                fx, fy = flow[i, :, y, x].tolist()
                px, py = x + fx, y + fy
                if not (
                    0 <= px <= width - 1 and 0 <= py <= height - 1 and abs(fx) < width / 2 and abs(fy) < height / 2
                ):
                    continue
                ix, iy = int(px), int(py)
                a, b = px - ix, py - iy
                out[i, :, y, x] = 0
                for j in range(4):
                    for k in range(4):
                        pixel = image[i, :, min(max(iy - 1 + j, 0), height - 1), min(max(ix - 1 + k, 0), width - 1)]
                        share = (1 - b if j < 2 else b) * (1 - a if k < 2 else a)
                        out[i, :, y, x] += share * kernels[i, 4 * j + k, y, x] * pixel
    return out


def _case(channels=2, height=7, width=9, speed=3.0):
    random = torch.Generator().manual_seed(0)

    def draw(c):
        return torch.randn(2, c, height, width, generator=random, dtype=torch.float64)

    return draw(channels), speed * draw(2), draw(16)


def test_it_is_its_definition():
    torch.testing.assert_close(adaptive_warp(*_case()), _literal(*_case()))


def test_filt_out_of_the_published_network():
    unit = tensors("units")
    warped = adaptive_warp(unit["filt_image"], unit["filt_flow"], unit["filt_kernels"])
    assert (warped - unit["filt_out"]).abs().max() < 1e-5


def test_up4_out_of_the_published_network():
    unit = tensors("units")
    larger = functional.interpolate(unit["up4_in"], scale_factor=4.0, mode="bilinear", align_corners=False)
    assert (larger - unit["up4_out"]).abs().max() < 1e-5


def test_gradients():
    assert torch.autograd.gradcheck(adaptive_warp, tuple(v[:1].requires_grad_() for v in _case(1, 3, 4, 0.6)))
