"""From a batch of windows to predicted frames in the movie's own dtype."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.engine.hot_pixels import put_back
from cafi.engine.normalisation import Normalisation, samples_last
from cafi.engine.tiles import predict_tiled
from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import torch
    from numpy.typing import NDArray

    from cafi.engine.windows import Window
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Header


@dataclass(frozen=True)
class Estimate:
    """All that a method says about a batch, in normalised units.

    Attributes
    ----------
    mean : ndarray of float32, shape (B, C * S, zoom * Y, zoom * X)
    scale : ndarray of float32, same shape, or None
    motion : ndarray of float32, shape (B, 2, 2, Y, X), or None
        As in `cafi.interpolators.protocol.Prediction`.
    strangeness : ndarray of float32, shape (B, C * S), or None
        The same; of the strangest tile.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32] | None = None
    motion: NDArray[np.float32] | None = None
    strangeness: NDArray[np.float32] | None = None

    def of(self, i: int) -> Estimate:
        """Return what it says of one window of the batch, as a batch of one."""
        parts = (self.scale, self.motion, self.strangeness)
        return Estimate(self.mean[i : i + 1], *(None if part is None else part[i : i + 1] for part in parts))


@dataclass(frozen=True)
class Predictor:
    """An interpolator with all that was decided once for the whole run.

    Attributes
    ----------
    interpolator : Interpolator
    device : torch.device
    side : int or None
        Of the tiles, in pixels; None: whole frames.
    samples : int
        Of a pixel of the movie: 3 or 4 for RGB(A).
    precision : str
        As in `EngineOptions`.
    """

    interpolator: Interpolator
    device: torch.device
    side: int | None
    samples: int = 1
    precision: str = "auto"

    def predict(self, windows: list[Window]) -> NDArray[np.float32]:
        """Return the normalised predictions for a batch, shape (B, C * S, zoom * Y, zoom * X)."""
        return self.estimate(windows, whole=False).mean

    def estimate(self, windows: list[Window], *, whole: bool = True) -> Estimate:
        """Return with the same predictions all else that a method says; without scale and motion if not ``whole``."""
        channels, has_scale = 0, False
        strange: list[NDArray[np.float32]] = []

        def everything(made: Prediction) -> list[torch.Tensor]:
            nonlocal channels, has_scale
            if made.strangeness is not None:
                strange.append(made.strangeness.cpu().numpy())
            channels, has_scale = made.mean.shape[1], whole and made.scale is not None
            if not whole:
                return [made.mean]
            # Motion has the pixels of the input: only without zoom can it be blended beside the mean.
            motion = made.motion if self.interpolator.zoom == 1 else None
            return [
                m for m in (made.mean, made.scale, None if motion is None else motion.flatten(1, 2)) if m is not None
            ]

        maps = self._maps(windows, everything)
        seen = channels * (1 + has_scale)
        motion = maps[:, seen:].reshape(len(maps), 2, 2, *maps.shape[2:]) if maps.shape[1] > seen else None
        scale = maps[:, channels:seen] if has_scale else None
        if self.interpolator.zoom == 1:
            for frame, window in zip(maps[:, :channels], windows, strict=True):
                before, after = window.ends
                put_back(frame, window.t, before.hot, after.hot)
        return Estimate(maps[:, :channels], scale, motion, np.max(strange, axis=0) if strange else None)

    def _maps(self, windows: list[Window], select: Callable[[Prediction], list[torch.Tensor]]) -> NDArray[np.float32]:
        """Return the selected maps of a method's predictions, one after the other along axis 1."""
        import torch

        together = torch.stack([torch.from_numpy(f.normalised) for w in windows for f in w.frames])
        frames = together.view(len(windows), -1, *together.shape[1:]).to(self.device)
        height, width = frames.shape[-2:]
        padded = _padded(frames, self.interpolator.multiple)
        times = torch.from_numpy(np.stack([w.frame_times for w in windows])).to(self.device)
        t = torch.tensor([w.t for w in windows], dtype=torch.float32, device=self.device)
        valid = torch.tensor([w.valid for w in windows], device=self.device)

        def maps(tile: torch.Tensor) -> torch.Tensor:
            chosen = [part.float() for part in select(self._ask(tile, times, t, valid))]
            return torch.cat(chosen, 1) if len(chosen) > 1 else chosen[0]

        with torch.inference_mode(), self._arithmetic():
            result = predict_tiled(maps, padded, self.side, self.interpolator)
        zoom = self.interpolator.zoom
        return np.asarray(result[..., : zoom * height, : zoom * width].cpu().numpy(), np.float32)

    def _arithmetic(self) -> AbstractContextManager[Any]:
        """Let layers that bear it compute in a shorter format; sums, flows and everything outside of layers do not."""
        import torch

        if self.precision in ("auto", "float32") or self.interpolator.classical:
            return nullcontext()
        return torch.autocast(self.device.type, getattr(torch, self.precision))

    def _ask(self, frames: torch.Tensor, times: torch.Tensor, t: torch.Tensor, valid: torch.Tensor) -> Prediction:
        """Ask the method; one for colour images is given each channel as an image of its own."""
        if not self.interpolator.colour:
            return self.interpolator.predict(frames, times, t, valid)
        images = frames.unflatten(2, (-1, self.samples)).transpose(1, 2)
        channels = images.shape[1]
        repeated = (v.repeat_interleave(channels, 0) for v in (times, t, valid))
        made = self.interpolator.predict(images.flatten(0, 1), *repeated)

        def parted(value: torch.Tensor) -> torch.Tensor:
            return value.view(-1, channels, *value.shape[1:])

        return Prediction(
            parted(made.mean).flatten(1, 2),
            None if made.scale is None else parted(made.scale).flatten(1, 2),
            None if made.motion is None else parted(made.motion).mean(1),
            None if made.strangeness is None else parted(made.strangeness).flatten(1),
        )


def _padded(frames: torch.Tensor, multiple: int) -> torch.Tensor:
    """Pad below and to the right by repeating the edge, so that sides divide by ``multiple``."""
    import torch

    b, k, c, height, width = frames.shape
    bottom, right = -height % multiple, -width % multiple
    if not (bottom or right):
        return frames
    flat = torch.nn.functional.pad(frames.reshape(b, k * c, height, width), (0, right, 0, bottom), mode="replicate")
    return flat.reshape(b, k, c, height + bottom, width + right)


def finished_frame(
    prediction: NDArray[np.float32], window: Window, normalisation: Normalisation, header: Header
) -> NDArray[Any]:
    """Turn a normalised prediction into a frame as the movie stores it.

    Integers are rounded to the nearest and clipped to the dtype, or to the camera's significant
    bits. A pixel that is not finite at either end of the gap is NaN between them.

    Parameters
    ----------
    prediction : ndarray of float32, shape (C * S, zoom * Y, zoom * X)
    window : Window
    normalisation : Normalisation
    header : Header
        Of the source movie.

    Returns
    -------
    ndarray, shape (C, zoom * Y, zoom * X) or (C, zoom * Y, zoom * X, S)
        In the movie's dtype.
    """
    dtype = header.dtype
    values = normalisation.undo(prediction, dtype)
    if dtype.kind in "iu":
        low, high = _limits(dtype, header.significant_bits)
        frame = np.clip(np.rint(values), low, high).astype(dtype)
    else:
        limit = np.finfo(dtype).max
        frame = np.clip(values, -limit, limit).astype(dtype)
        for end in window.shown:
            if end.hole is not None:
                zoom = frame.shape[-1] // end.hole.shape[-1]
                frame[end.hole.repeat(zoom, 1).repeat(zoom, 2)] = np.nan
    return samples_last(frame, header.samples)


def _limits(dtype: np.dtype[Any], significant_bits: int | None) -> tuple[float, float]:
    info = np.iinfo(dtype)
    if significant_bits is None or dtype.kind != "u":
        return info.min, _largest_exact(info.max)
    return 0, _largest_exact(min(info.max, 2**significant_bits - 1))


def _largest_exact(limit: int) -> float:
    """The largest float64 that does not exceed an integer limit (64-bit limits are no float64)."""
    value = float(limit)
    return value if int(value) <= limit else float(np.nextafter(value, 0))
