"""8-bit pictures for the player: for looking at. No number in a report comes from them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cafi.report.footage import shrunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from cafi.report.footage import Footage, Places

LADDER = ((1, 92), (1, 85), (1, 75), (1, 60), (2, 75), (2, 55), (4, 60), (8, 60))  # (shrink, JPEG quality), best first
TRIED = 4  # pictures of each layer from which the size of all is foretold
Colours = Literal["grey", "diverging", "sequential"]


@dataclass(frozen=True)
class Layer:
    """Pictures of one kind, one for each moment.

    Attributes
    ----------
    key : 'acquired', 'interpolated', 'truth', 'error' or 'interval'
    method : str
        Empty where the layer does not depend on it.
    channel : int
    colours : 'grey', 'diverging' or 'sequential'
    low, high : float
        What black and white (or the ends of the colours) mean: grey ones in the movie's unit, others in per cent
        of the channel's range.
    pictures : tuple of int or None
        For each moment the index of its picture; None where there is none.
    """

    key: str
    method: str
    channel: int
    colours: Colours
    low: float
    high: float
    pictures: Places


@dataclass(frozen=True)
class Pictures:
    """Everything a player shows.

    Attributes
    ----------
    width, height : int
        Of the frames before pictures were shrunk to fit, in pixels.
    layers : tuple of Layer
    jpeg : tuple of str
        Base64 of each picture, 8-bit grey JPEG.
    shrink, quality : int
        What had to be given up: pixels along each side of a picture's pixel, and JPEG quality.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    jpeg: tuple[str, ...]
    shrink: int
    quality: int


@dataclass(frozen=True)
class _Raw:
    """A layer before encoding: frames in [0, 1] of one layer are made when they are asked for."""

    layer: Layer
    make: Callable[[int], NDArray[np.float32]]
    used: tuple[int, ...]


def make_pictures(footage: Footage, budget: int, on_progress: Callable[[int, int], None] | None = None) -> Pictures:
    """Encode the pictures of a movie as well as the budget allows.

    Parameters
    ----------
    footage : Footage
    budget : int
        Bytes that all pictures together may take in the page.
    on_progress : callable, optional
        Called with the number of layers that are encoded, and of all.

    Returns
    -------
    Pictures
        The last step of `LADDER` is taken even if it is over budget.
    """
    raws = list(_layers(footage))
    shrink, quality = _affordable_step(raws, budget)
    jpeg: list[str] = []
    layers = []
    for done, raw in enumerate(raws):
        if on_progress is not None:
            on_progress(done, len(raws))
        index = {}
        for place in raw.used:
            index[place] = len(jpeg)
            jpeg.append(base64.b64encode(_encoded(raw.make(place), shrink, quality)).decode("ascii"))
        places = tuple(None if at is None else index[at] for at in raw.layer.pictures)
        layers.append(_with_places(raw.layer, places))
    height, width = footage.measured.shape[-2:]
    return Pictures(width, height, tuple(_finished(layers, footage)), tuple(jpeg), shrink, quality)


def _layers(footage: Footage) -> Iterator[_Raw]:
    for c in range(len(footage.channels)):
        low, high = display_range(footage.measured[:, c])
        offset, width = footage.ranges[c]
        ends = (offset + low * width, offset + high * width)

        def grey(frames: NDArray[np.float32], low: float = low, high: float = high) -> NDArray[np.float32]:
            return (frames - low) / (high - low)

        yield _raw("truth", "", c, "grey", ends, footage.measured_at, footage.measured, grey)
        for method, frames in footage.predicted.items():
            yield _raw("interpolated", method, c, "grey", ends, footage.predicted_at[method], frames, grey)
        if footage.has_truth:
            yield from _errors(footage, c)
        yield from _intervals(footage, c)


def _errors(footage: Footage, c: int) -> Iterator[_Raw]:
    """Predicted minus measured, on one scale for all methods."""
    found = {method: _error_frames(footage, method, c) for method in footage.predicted}
    every = np.concatenate([frames.ravel()[:: max(1, frames.size // 200_000)] for frames in found.values()])
    limit = _high_quantile(np.abs(every), 0.998)
    for method, frames in found.items():
        at = _error_places(footage, method)
        ends = (-100 * limit, 100 * limit)
        whole = frames[:, None]
        yield _raw("error", method, c, "diverging", ends, at, whole, lambda f: 0.5 + 0.5 * f / limit, channel_of=0)


def _error_frames(footage: Footage, method: str, c: int) -> NDArray[np.float32]:
    predicted, measured = footage.predicted[method][:, c], footage.measured[:, c]
    frames = np.full(predicted.shape, np.nan, np.float32)
    for truth, at in zip(footage.measured_at, footage.predicted_at[method], strict=True):
        if truth is not None and at is not None:
            frames[at] = np.float32(predicted[at]) - measured[truth]
    return frames


def _error_places(footage: Footage, method: str) -> Places:
    pairs = zip(footage.measured_at, footage.predicted_at[method], strict=True)
    return tuple(None if truth is None else at for truth, at in pairs)


def _intervals(footage: Footage, c: int) -> Iterator[_Raw]:
    """Widths of intervals, on one scale for all methods."""
    if not footage.interval:
        return
    every = np.concatenate([frames[:, c].ravel()[::17] for frames in footage.interval.values()])
    limit = _high_quantile(every, 0.998)
    for method, frames in footage.interval.items():
        at = footage.predicted_at[method]
        yield _raw("interval", method, c, "sequential", (0.0, 100 * limit), at, frames, lambda f: f / limit)


def _raw(
    key: str,
    method: str,
    channel: int,
    colours: Colours,
    ends: tuple[float, float],
    at: Places,
    frames: NDArray[Any],
    scaled: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    channel_of: int | None = None,
) -> _Raw:
    layer = Layer(key, method, channel, colours, *ends, at)
    c = channel if channel_of is None else channel_of
    used = tuple(sorted({place for place in at if place is not None}))
    return _Raw(layer, lambda place: scaled(np.asarray(frames[place, c], np.float32)), used)


def _finished(layers: list[Layer], footage: Footage) -> list[Layer]:
    """Add what the microscope gave, and put acquired frames between predicted ones; both use pictures of the truth."""
    measured = {layer.channel: layer for layer in layers if layer.key == "truth"}
    finished = [_with_places(layer, _held(layer.pictures, footage), "acquired") for layer in measured.values()]
    for layer in layers:
        if layer.key == "interpolated":
            both = zip(footage.moments, layer.pictures, measured[layer.channel].pictures, strict=True)
            whole = tuple(own if moment.kind == "interpolated" else other for moment, own, other in both)
            finished.append(_with_places(layer, whole))
        elif layer.key != "truth" or footage.has_truth:
            finished.append(layer)
    return finished


def _held(places: Places, footage: Footage) -> Places:
    """Let each acquired frame stand until the next."""
    held: list[int | None] = []
    for moment, at in zip(footage.moments, places, strict=True):
        last = held[-1] if held else None
        held.append(last if moment.kind == "interpolated" else at)
    return tuple(held)


def _with_places(layer: Layer, places: Places, key: str | None = None) -> Layer:
    from dataclasses import replace

    return replace(layer, pictures=places, key=key or layer.key)


def display_range(frames: NDArray[Any]) -> tuple[float, float]:
    """Return what becomes black and white: the 0.1 and 99.9 percentiles of finite pixels."""
    values = frames.ravel()[:: max(1, frames.size // 1_000_000)]
    values = values[np.isfinite(values)].astype(np.float32)
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1)


def _high_quantile(values: NDArray[Any], share: float) -> float:
    finite = values[np.isfinite(values)].astype(np.float32)
    return float(np.quantile(finite, share)) or 1.0 if finite.size else 1.0


def _affordable_step(raws: list[_Raw], budget: int) -> tuple[int, int]:
    """Return the best step whose size, foretold from a few pictures of each layer, is within the budget."""
    for shrink, quality in LADDER:
        foretold = 0.0
        for raw in raws:
            tried = raw.used[:: max(1, len(raw.used) // TRIED)]
            sizes = [len(_encoded(raw.make(place), shrink, quality)) for place in tried]
            foretold += len(raw.used) * sum(sizes) / max(len(sizes), 1)
        if foretold * 4 / 3 * 1.03 <= budget:
            return shrink, quality
    return LADDER[-1]


def _encoded(frame: NDArray[np.float32], shrink: int, quality: int) -> bytes:
    from imagecodecs import jpeg8_encode

    return bytes(jpeg8_encode(to_codes(shrunk(frame, shrink)), level=quality))


def to_codes(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a frame in [0, 1] as 8-bit codes, clipped; pixels that are not finite become 0."""
    finite = np.nan_to_num(frame, nan=0.0, posinf=1.0, neginf=0.0)
    return np.ascontiguousarray(np.round(np.clip(finite, 0, 1) * 255).astype(np.uint8))
