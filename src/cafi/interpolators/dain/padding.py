"""Frames of any size for a network that wants multiples of 64, as the published code pads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

GRID = 128  # pixels: sides are padded to multiples of it
MARGIN = 32  # pixels: on both ends of a side that is one already


class Padding(NamedTuple):
    """Pixels added to the left, right, above and below."""

    left: int
    right: int
    top: int
    bottom: int

    def add(self, frames: Tensor) -> Tensor:
        """Repeat the edge of frames (B, C, Y, X) outwards."""
        return functional.pad(frames, tuple(self), mode="replicate")

    def remove(self, frames: Tensor) -> Tensor:
        """Cut off what `add` added, from the last two axes."""
        height, width = frames.shape[-2:]
        return frames[..., self.top : height - self.bottom, self.left : width - self.right]


def padding(height: int, width: int) -> Padding:
    """Decide what is added to frames of this size."""
    return Padding(*_sides(width), *_sides(height))


def _sides(length: int) -> tuple[int, int]:
    missing = -length % GRID
    return (missing // 2, missing - missing // 2) if missing else (MARGIN, MARGIN)
