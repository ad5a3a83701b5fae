"""Training windows: what a network sees, and what it should have said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation.camera import random_camera
from cafi.simulation.draw import chance, log_uniform, normal
from cafi.training.clips import CONTEXT, INSIDE, Clips

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Windows:
    """A batch for training.

    Attributes
    ----------
    frames : Tensor of float32, shape (B, 4, Y, X)
        Noisy, as the network sees them.
    times : Tensor, shape (B, 4)
    t : Tensor, shape (B,)
    valid : Tensor, shape (B, 4)
    clean : Tensor, shape (B, 4, Y, X)
        The same frames without noise.
    truth : Tensor, shape (B, 1, Y, X)
        The frame at t without noise.
    measured : Tensor, shape (B, 1, Y, X)
        The same as a camera would have recorded it.
    variance : Tensor, shape (B, 1, Y, X)
        Of its noise.
    guess : Tensor, shape (B, 2, Y / 2, X / 2), or None
        Motion that was guessed beforehand, for a network that begins with a guess.
    """

    frames: Tensor
    times: Tensor
    t: Tensor
    valid: Tensor
    clean: Tensor
    truth: Tensor
    measured: Tensor
    variance: Tensor
    guess: Tensor | None = None


def windows(clips: Clips, side: int, random: Generator, middle: float = 0.5) -> Windows:
    """Crop, turn, reverse, dim and expose clips, and choose one time of each.

    Parameters
    ----------
    clips : Clips
    side : int
        Of the windows, in pixels.
    random : Generator
    middle : float
        Share of windows whose time is the one nearest to the middle of the gap.
    """
    posed = _posed(clips, side, random)
    n = len(posed.times)
    gain = log_uniform((n, 1, 1, 1), 0.35, 1.3, random)
    light = posed.frames * gain + 0.1 * normal((n, 1, 1, 1), random)
    camera = random_camera(n, random)
    exposed = camera.expose(light, random)
    rows = torch.arange(n, device=light.device)
    nearest = (posed.times[:, INSIDE[0] : INSIDE[1] + 1] - 0.5).abs().argmin(1)
    chosen = INSIDE[0] + torch.where(chance((n,), middle, random) > 0, nearest, 1 - nearest)
    context = list(CONTEXT)
    ends = chance((n, 2), 0.12, random)
    valid = 1 - torch.stack([ends[:, 0], 0 * ends[:, 0], 0 * ends[:, 0], ends[:, 1]], 1)
    frames, clean, times = exposed[:, context], light[:, context], posed.times[:, context]
    frames, clean = _with_ends(frames, valid), _with_ends(clean, valid)
    times = torch.where(valid > 0, times, torch.tensor([0.0, 0.0, 1.0, 1.0], device=times.device))
    truth = light[rows, chosen][:, None]
    return Windows(
        frames,
        times,
        posed.times[rows, chosen],
        valid,
        clean,
        truth,
        exposed[rows, chosen][:, None],
        camera.deviation(truth) ** 2,
    )


def _with_ends(frames: Tensor, valid: Tensor) -> Tensor:
    """Where the movie ends, repeat its last frame."""
    neighbours = frames[:, [1, 1, 2, 2]]
    return torch.where(valid[:, :, None, None] > 0, frames, neighbours)


def _posed(clips: Clips, side: int, random: Generator) -> Clips:
    """Crop each clip at a place of its own; flip, transpose and reverse all or none of a batch's half."""
    n, _, height, width = clips.frames.shape
    y = torch.randint(0, height - side + 1, (n,), generator=random, device=clips.frames.device).tolist()
    x = torch.randint(0, width - side + 1, (n,), generator=random, device=clips.frames.device).tolist()
    turns = torch.randint(0, 16, (n,), generator=random, device=clips.frames.device).tolist()
    frames, times = [], []
    for i in range(n):
        crop = clips.frames[i, :, y[i] : y[i] + side, x[i] : x[i] + side]
        crop = crop.flip(-1) if turns[i] & 1 else crop
        crop = crop.flip(-2) if turns[i] & 2 else crop
        crop = crop.transpose(-1, -2) if turns[i] & 4 else crop
        frames.append(crop.flip(0) if turns[i] & 8 else crop)
        times.append(1 - clips.times[i].flip(0) if turns[i] & 8 else clips.times[i])
    return Clips(torch.stack(frames), torch.stack(times))
