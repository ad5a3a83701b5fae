"""How much of what is left could be foretold: where measured middle frames lie, beside where methods put them.

Two methods that know nothing of each other (Kymo, and RIFE with its public weights) say where things are half way.
Where they agree, and the measured frame lies elsewhere, no estimate of motion was bad: the movie itself does not
move evenly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

import cafi
from benchmarks import rife
from benchmarks.methods import seen_range
from benchmarks.windows import registered
from cafi.quality.metrics import psnr
from cafi.quality.metrics.ranges import Range

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Image = NDArray[np.float32]

GAPS = 12  # of a movie, at most
SMOOTH = 8.0  # pixels: motion that differs within less is not looked at
UNIT = Range(0.0, 1.0)


class Place(NamedTuple):
    """Where things are in a frame, beside another: displacements (x, y) of what can be followed, in pixels."""

    measured_from_kymo: Image
    measured_from_peer: Image
    peer_from_kymo: Image


def report(folder: Path, tool: Path) -> None:
    """Print a table: every second frame dropped, first channel."""
    peer = rife.load(tool, ("4.6",)).get("4.6")
    if peer is None:
        return
    kymo = registered("kymo")
    print("\n| movie | Kymo, dB | moved to where things are, dB | " + " | ".join(Place._fields) + " | correlation |")
    print("|---|---|---|---|---|---|---|")
    for path in sorted(folder.glob("*.tif")):
        with cafi.read(path) as movie:
            pixels = np.stack([movie.frame(t, 0)[:1] for t in range(movie.header.size.t)])
        frames = seen_range(pixels[::2]).apply(pixels).astype(np.float32)
        scores, places = [], []
        for gap in np.unique(np.linspace(0, (len(frames) - 1) // 2 - 1, GAPS).astype(int)):
            made, truth = kymo(frames[::2], int(gap), 0.5).mean[0], frames[2 * gap + 1, 0]
            other = _peer_frame(peer, frames[2 * gap, 0], frames[2 * gap + 2, 0])
            scores.append((psnr(truth, made, UNIT), psnr(truth, _fetched(made, _shift(truth, made)), UNIT)))
            seen = _followed(made)
            places.append([_shift(a, b)[seen] for a, b in ((made, truth), (other, truth), (made, other))])
        place = Place(*(np.concatenate(part).ravel() for part in zip(*places, strict=True)))
        together = np.corrcoef(place.measured_from_kymo, place.measured_from_peer)[0, 1]
        sizes = " | ".join(f"{np.median(np.abs(part)):.2f}" for part in place)
        before, after = np.mean(scores, axis=0)
        print(f"| {path.stem} | {before:.2f} | {after:.2f} | {sizes} | {together:.2f} |", flush=True)


def _peer_frame(peer: rife.Peer, first: Image, last: Image) -> Image:
    low, high = min(first.min(), last.min()), max(first.max(), last.max())
    made: Image = peer((first - low) / (high - low), (last - low) / (high - low)) * (high - low) + low
    return made


def _shift(first: Image, last: Image) -> Image:
    """Smoothed DIS optical flow from one frame to another, (Y, X, 2)."""
    low, high = np.percentile(np.stack([first, last]), (0.1, 99.9))
    a, b = (np.clip((f - low) / (high - low) * 255, 0, 255).astype(np.uint8) for f in (first, last))
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(a, b, None)
    return cv2.GaussianBlur(flow, (0, 0), SMOOTH)


def _fetched(image: Image, flow: Image) -> Image:
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    return cv2.remap(image, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)


def _followed(image: Image) -> NDArray[np.bool_]:
    """The half of a frame with the most contrast."""
    contrast = cv2.GaussianBlur(np.hypot(*np.gradient(cv2.GaussianBlur(image, (0, 0), 1.5))), (0, 0), 4)
    return contrast > np.median(contrast)
