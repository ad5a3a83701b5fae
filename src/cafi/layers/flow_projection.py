"""Depth-aware flow projection: flow between two frames, carried to a time between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


class Projected(NamedTuple):
    """A flow seen from the time between.

    Attributes
    ----------
    flow : Tensor, shape (B, 2, Y, X)
        Displacement (x, y) in pixels back to the frame that the flow came from.
    weight : Tensor, shape (B, 1, Y, X)
        Sum of the weights that arrived at each pixel; 0 in holes.
    """

    flow: Tensor
    weight: Tensor


def project_flow(flow: Tensor, weight: Tensor, *, fill: bool) -> Projected:
    """Let every pixel take its flow along to where it goes; where several meet, near ones count more.

    Bao et al. (2019), DAIN, equations 1 and 2: each pixel gives its flow, with the sign turned, to the four pixels
    around its target, in equal shares. Pixels that leave the image give nothing.

    Parameters
    ----------
    flow : Tensor of float, shape (B, 2, Y, X)
        Displacement (x, y) in pixels from a frame to the time between.
    weight : Tensor of float, shape (B, 1, Y, X)
        Above 0; the inverse depth of each pixel.
    fill : bool
        Give holes, where nothing arrived, the mean of the nearest flows to the left, right, above and below; they
        stay 0 otherwise, and where there is nothing in any of the four directions.

    Returns
    -------
    Projected
        Differentiable in flow and weight, not in where a pixel goes.
    """
    b, _, height, width = flow.shape
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + flow[:, 0]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + flow[:, 1]
    stays = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    left, top = (torch.where(stays, place, 0).detach().long() for place in (x, y))
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    given = torch.where(stays[:, None], torch.cat([-weight * flow, weight], 1), 0).flatten(2)
    total = torch.zeros_like(given)
    for row in (top, bottom):
        for column in (left, right):
            cell = (row * width + column).flatten(1)[:, None].expand_as(given)
            total = total.scatter_add(2, cell, given)
    total = total.view(b, 3, height, width)
    arrived = total[:, 2:]
    mean = total[:, :2] / torch.where(arrived > 0, arrived, 1)
    return Projected(fill_holes(mean, arrived > 0) if fill else mean, arrived)


def fill_holes(values: Tensor, known: Tensor) -> Tensor:
    """Give unknown pixels the mean of the nearest known ones to the left, right, above and below.

    Parameters
    ----------
    values : Tensor of float, shape (B, C, Y, X)
    known : Tensor of bool, shape (B, 1, Y, X)

    Returns
    -------
    Tensor, shape (B, C, Y, X)
        0 where nothing is known in any of the four directions.
    """
    total, count = torch.zeros_like(values), torch.zeros_like(values[:, :1])
    for axis in (2, 3):
        for backwards in (False, True):
            found, is_found = _last_known(values, known, axis, backwards=backwards)
            total = total + torch.where(is_found, found, 0)
            count = count + is_found.to(count.dtype)
    return torch.where(known, values, total / count.clamp(min=1))


def _last_known(values: Tensor, known: Tensor, axis: int, *, backwards: bool) -> tuple[Tensor, Tensor]:
    """The known value closest before each pixel along an axis, or after it, and whether there is one."""
    length, step = values.shape[axis], 1
    while step < length:
        # Having looked at `step` pixels, ask the one that far away: it has looked at the next `step`.
        before = _shifted(values, axis, step, backwards=backwards)
        values = torch.where(known, values, before)
        known = known | _shifted(known, axis, step, backwards=backwards)
        step *= 2
    return values, known


def _shifted(values: Tensor, axis: int, step: int, *, backwards: bool) -> Tensor:
    """What lies ``step`` pixels before each pixel, or behind it; 0 outside."""
    kept = values.narrow(axis, step if backwards else 0, values.shape[axis] - step)
    sides = (0, step) if backwards else (step, 0)
    return functional.pad(kept, sides if axis == 3 else (0, 0, *sides))
