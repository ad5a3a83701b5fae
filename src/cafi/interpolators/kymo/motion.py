"""What is known of a gap, and how its content moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from cafi.layers.warping import resize_flow, warp

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Window:
    """Frames of one channel around a gap, and the wanted time.

    Attributes
    ----------
    frames : Tensor of float32, shape (B, 4, Y, X)
    times : Tensor of float32, shape (B, 4)
        0 and 1 for the second and third frame.
    t : Tensor of float32, shape (B,)
    valid : Tensor of float32, shape (B, 4)
        0 for a frame that only repeats the movie's end.
    """

    frames: Tensor
    times: Tensor
    t: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Motion:
    """Where the content of each pixel at the wanted time lies in each of the four frames.

    Attributes
    ----------
    velocity : Tensor of float32, shape (B, 2, Y, X)
        Displacement (x, y) over the gap, in pixels of this grid.
    deviation : Tensor of float32, shape (B, 8, Y, X)
        What uniform motion does not explain, (x, y) for each frame in turn.
    """

    velocity: Tensor
    deviation: Tensor

    def finer(self, factor: int) -> Motion:
        """Bring it to a grid ``factor`` times as fine."""
        return Motion(resize_flow(self.velocity, factor), resize_flow(self.deviation, factor))

    def flows(self, window: Window) -> Tensor:
        """Return the displacement to each frame, shape (B, 4, 2, Y, X)."""
        elapsed = (window.times - window.t[:, None])[:, :, None, None, None]
        return elapsed * self.velocity[:, None] + self.deviation.unflatten(1, (-1, 2))


def moved(images: Tensor, flows: Tensor, outside: Literal["border", "zeros"] = "zeros", top: int = 0) -> Tensor:
    """Fetch each frame (B, 4, Y, X) along its own flow (B, 4, 2, R, X) of rows from ``top`` on; (B, 4, R, X)."""
    fetched = warp(images.flatten(0, 1)[:, None], flows.flatten(0, 1), outside=outside, top=top)
    return fetched.unflatten(0, images.shape[:2])[:, :, 0]


def beyond(flows: Tensor) -> Tensor:
    """How far outside of the frame each flow (B, 4, 2, Y, X) ends, in pixels; shape (B, 4, Y, X)."""
    height, width = flows.shape[-2:]
    x = torch.arange(width, device=flows.device) + flows[:, :, 0]
    y = torch.arange(height, device=flows.device)[:, None] + flows[:, :, 1]
    return (-x).relu() + (x - (width - 1)).relu() + (-y).relu() + (y - (height - 1)).relu()
