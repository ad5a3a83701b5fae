"""Overlapping tiles: how a frame is cut for an interpolator, and blended together again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from cafi.interpolators.protocol import Interpolator


@dataclass(frozen=True)
class Tile:
    """A rectangle of the frame.

    Attributes
    ----------
    y, x : tuple of int
        First and one past the last row and column that the interpolator sees.
    """

    y: tuple[int, int]
    x: tuple[int, int]


def tile_side(interpolator: Interpolator, height: int, width: int, channels: int, budget: int) -> int | None:
    """Decide the side of square tiles that keeps one window inside the memory budget.

    Parameters
    ----------
    interpolator : Interpolator
    height, width : int
        Of the frame, in pixels.
    channels : int
    budget : int
        Bytes.

    Returns
    -------
    int or None
        None: the whole frame fits, or the method must see it.

    Raises
    ------
    CafiError
        If the method needs more than the budget.
    """
    need = height * width * channels * interpolator.bytes_per_pixel
    if need <= budget:
        return None
    affordable = int((budget / (channels * interpolator.bytes_per_pixel)) ** 0.5)
    side = affordable // interpolator.multiple * interpolator.multiple
    if interpolator.reach is None or side <= 2 * interpolator.reach + interpolator.multiple:
        raise CafiError(
            f"{interpolator.name} needs about {need / 1e9:.1f} GB for one frame of {height} x {width} pixels,"
            f" more than the memory budget of {budget / 1e9:.1f} GB; raise --memory or take --method linear."
        )
    return side


def spans(length: int, side: int, overlap: int, multiple: int = 1) -> list[tuple[int, int]]:
    """Cut ``length`` into spans of ``side`` that overlap by at least ``overlap``, spread evenly.

    Spans begin at multiples of ``multiple``, so that a strided network sees every tile in the phase
    of the whole frame. ``length`` and ``side`` are themselves such multiples.
    """
    if length <= side:
        return [(0, length)]
    step = max(side - overlap - (multiple - 1), 1)
    count = -(-(length - side) // step) + 1
    starts = (np.linspace(0, length - side, count) / multiple).round().astype(int) * multiple
    return [(int(s), int(s) + side) for s in np.unique(starts)]


def tiles(height: int, width: int, side: int, overlap: int, multiple: int = 1) -> list[Tile]:
    """Return the tiles that cover a frame."""
    rows, columns = spans(height, side, overlap, multiple), spans(width, side, overlap, multiple)
    return [Tile(y, x) for y, x in product(rows, columns)]


def ramp(span: tuple[int, int], length: int, reach: int) -> np.ndarray:
    """Weight of a tile along one axis: 0 within ``reach`` of an inner edge, then a linear rise, then 1.

    Pixels closer to a cut than the interpolator's reach saw a cut-off neighbourhood, so they get no say.
    """
    n = span[1] - span[0]
    if reach == 0:
        return np.ones(n)
    distance_left = np.full(n, np.inf) if span[0] == 0 else np.arange(n) + 0.5
    distance_right = np.full(n, np.inf) if span[1] == length else n - np.arange(n) - 0.5
    inner = np.minimum(distance_left, distance_right) - reach
    return np.asarray(np.clip(inner / reach, 0.0, 1.0))


def predict_tiled(
    predict: Callable[[Tensor], Tensor], frames: Tensor, side: int | None, interpolator: Interpolator
) -> Tensor:
    """Predict whole frames from overlapping tiles.

    Parameters
    ----------
    predict : callable
        Maps (B, K, C, y, x) to (B, M, zoom * y, zoom * x): as many maps as it likes.
    frames : Tensor, shape (B, K, C, Y, X)
    side : int or None
        Of the tiles; None: the whole frame at once.
    interpolator : Interpolator
        Whose reach, multiple and zoom count.

    Returns
    -------
    Tensor, shape (B, M, zoom * Y, zoom * X)
    """
    import torch

    if side is None:
        return predict(frames)
    height, width = frames.shape[-2:]
    zoom = interpolator.zoom
    total = torch.zeros(())
    weights = torch.zeros((zoom * height, zoom * width), device=frames.device)
    for tile, weight in _weighted(height, width, side, interpolator):
        (y0, y1), (x0, x1) = tile.y, tile.x
        w = torch.from_numpy(weight).to(frames.device)
        place = (slice(zoom * y0, zoom * y1), slice(zoom * x0, zoom * x1))
        made = predict(frames[..., y0:y1, x0:x1])
        if not total.ndim:
            total = made.new_zeros((*made.shape[:2], *weights.shape))
        total[..., place[0], place[1]] += w * made
        weights[place] += w
    return total / weights


def _weighted(height: int, width: int, side: int, interpolator: Interpolator) -> Iterator[tuple[Tile, np.ndarray]]:
    """Tiles with their blending weights.

    The overlap is four reaches: every pixel lies further than one reach from the cut in some tile,
    and the linear rise has room to hide what difference remains.
    """
    reach, zoom = interpolator.reach or 0, interpolator.zoom
    overlap = min(4 * reach + 1, side - interpolator.multiple) if reach else 0
    for tile in tiles(height, width, side, overlap, interpolator.multiple):
        weight = np.outer(ramp(tile.y, height, reach), ramp(tile.x, width, reach)).astype(np.float32)
        yield tile, weight.repeat(zoom, 0).repeat(zoom, 1)
