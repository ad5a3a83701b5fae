from math import floor

import numpy as np
import pytest
import torch

from cafi.layers import deformable
from cafi.layers.deformable import deformable_convolution
from tests import parity


def _literal(image, offset, mask, weight, bias):
    """The definition, term by term."""
    b, c, height, width = image.shape
    f, _, kh, kw = weight.shape
    taps = kh * kw
    per_group = c // (mask.shape[1] // taps)
    out = np.zeros((b, f, height, width))

    def at(n, channel, y, x):
        return image[n, channel, y, x] if 0 <= y < height and 0 <= x < width else 0.0

    for n, o, y, x in np.ndindex(b, f, height, width):
        total = bias[o]
        for channel, i, j in np.ndindex(c, kh, kw):
            k, group = kw * i + j, channel // per_group
            row = y - kh // 2 + i + offset[n, 2 * (group * taps + k), y, x]
            column = x - kw // 2 + j + offset[n, 2 * (group * taps + k) + 1, y, x]
            top, left = floor(row), floor(column)
            below, right = row - top, column - left
            value = (1 - below) * ((1 - right) * at(n, channel, top, left) + right * at(n, channel, top, left + 1))
            value += below * ((1 - right) * at(n, channel, top + 1, left) + right * at(n, channel, top + 1, left + 1))
            total += weight[o, channel, i, j] * mask[n, group * taps + k, y, x] * value
        out[n, o, y, x] = total
    return out


def _case(shape=(2, 4, 5, 6), filters=3, groups=2, kernel=(3, 3), spread=2.0, dtype=torch.float64):
    random = torch.Generator().manual_seed(0)
    b, c, *size = shape
    taps = kernel[0] * kernel[1]

    def normal(*sizes):
        return torch.randn(*sizes, generator=random, dtype=dtype)

    offset = spread * normal(b, 2 * groups * taps, *size)
    mask = normal(b, groups * taps, *size).sigmoid()
    return normal(*shape), offset, mask, normal(filters, c, *kernel), normal(filters)


@pytest.mark.parametrize("kernel", [(3, 3), (1, 3)])
@pytest.mark.parametrize("block", [1, 1 << 11])
def test_it_is_the_literal_definition(monkeypatch, kernel, block):
    monkeypatch.setattr(deformable, "_BLOCK_CPU", block)
    case = _case(kernel=kernel)
    expected = _literal(*(v.numpy() for v in case))
    np.testing.assert_allclose(deformable_convolution(*case).numpy(), expected, atol=1e-12)


def test_without_displacement_it_is_a_convolution():
    image, offset, mask, weight, bias = _case((1, 8, 40, 70), 5, 4, dtype=torch.float32)
    made = deformable_convolution(image, 0 * offset, mask * 0 + 1, weight, bias)
    torch.testing.assert_close(made, torch.conv2d(image, weight, bias, padding=1), rtol=0, atol=2e-4)


def test_gradients_are_those_of_finite_differences():
    case = [v.requires_grad_() for v in _case((1, 2, 3, 4), 2, 2)]
    assert torch.autograd.gradcheck(deformable_convolution, case)


@pytest.mark.parametrize("name", ["dcn", "dcn1"])
def test_it_equals_the_published_operator(name):
    units = parity.tensors("units")
    x, offset, mask, weight, bias, out = (
        units[f"{name}_{part}"] for part in ("x", "offset", "mask", "weight", "bias", "out")
    )
    torch.testing.assert_close(deformable_convolution(x, offset, mask, weight, bias), out, rtol=0, atol=1e-5)


def test_positions_are_exact_in_bfloat16():
    image, offset, mask, weight, bias = (v.float() for v in _case((1, 4, 4, 600)))
    half = (image, offset.round(), mask, weight, bias)
    made = deformable_convolution(*(v.bfloat16() for v in half)).float()
    assert (made - deformable_convolution(*half)).abs().mean() < 0.02 * made.abs().mean()
