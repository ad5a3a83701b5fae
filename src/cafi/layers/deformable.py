"""Modulated deformable convolution: every tap of the kernel looks at a place of its own, and is weighed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

# Output pixels that are worked on at once. What all taps fetched for them shall stay in a CPU's cache.
_BLOCK_CPU, _BLOCK_GPU = 1 << 11, 1 << 17


def deformable_convolution(image: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve with a kernel whose taps are displaced and weighed anew at every pixel.

    Deformable ConvNets v2 (Zhu et al. 2019, equation 1), stride 1, output of the input's size. Channels are divided
    into G groups in order; all channels of a group are fetched from the same places, bilinearly, and count as 0
    beyond the image. One gather serves all taps and groups. Differentiable in all arguments.

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
    offset : Tensor of float, shape (B, G * K * 2, Y, X)
        Displacement in pixels of each group's tap from its regular place, for K = kh * kw taps row by row: y, then x.
    mask : Tensor of float, shape (B, G * K, Y, X)
        Weight of each group's tap.
    weight : Tensor of float, shape (F, C, kh, kw)
        Odd kh and kw.
    bias : Tensor of float, shape (F,)

    Returns
    -------
    Tensor, shape (B, F, Y, X)
        Memory beyond it does not depend on the image's size.
    """
    b, _, height, width = image.shape
    taps = weight.shape[2] * weight.shape[3]
    groups = mask.shape[1] // taps
    exact = torch.promote_types(offset.dtype, torch.float32)  # for positions: bfloat16 ends at 256
    source = image.to(exact).reshape(b * groups, -1, height, width)
    moved = offset.to(exact).reshape(b * groups, taps, 2, height, width)
    weighed = mask.reshape(b * groups, 1, taps, height, width)
    kernel = weight.flatten(1).expand(b, -1, -1)
    y, x = _regular_places(weight, height, width, exact)
    rows = max(1, (_BLOCK_CPU if image.device.type == "cpu" else _BLOCK_GPU) // (b * width))
    blocks = []
    for part in (slice(top, top + rows) for top in range(0, height, rows)):
        shift = moved[:, :, :, part]
        across = torch.add(x, shift[:, :, 1], alpha=2 / width)
        down = torch.add(y[:, part], shift[:, :, 0], alpha=2 / height)
        places = torch.stack([across, down], -1).flatten(1, 2)
        fetched = functional.grid_sample(source, places, "bilinear", "zeros", align_corners=False)
        columns = fetched.unflatten(2, shift.shape[1:4:2]) * weighed[:, :, :, part]
        columns = columns.view(b, kernel.shape[2], -1).to(weight.dtype)
        blocks.append(torch.baddbmm(bias[:, None], kernel, columns).unflatten(2, (-1, width)))
    return torch.cat(blocks, 2)


def _regular_places(weight: Tensor, height: int, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Where the taps lie without displacement, as `grid_sample` counts: (K, Y, 1) along y and (K, 1, X) along x."""
    kh, kw = weight.shape[2:]

    def count(n: int) -> Tensor:
        return torch.arange(n, dtype=dtype, device=weight.device)

    y = count(height) + (count(kh) - kh // 2).repeat_interleave(kw)[:, None]
    x = count(width) + (count(kw) - kw // 2).repeat(kh)[:, None]
    # Without align_corners -1 is the first pixel's outer edge and 1 the last one's.
    return ((2 * y + 1) / height - 1)[:, :, None], ((2 * x + 1) / width - 1)[:, None]
