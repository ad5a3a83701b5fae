"""Whether it shows that a large frame was predicted in pieces: Kymo in pieces against whole frames, on real movies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

import cafi
from cafi.interpolators import registry
from cafi.interpolators.kymo.motion import Window
from cafi.interpolators.kymo.pieces import MARGIN, predict_in_pieces
from cafi.quality.metrics import intensity_range

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE, PIECE, NEAR = 768, 256, 4  # pixels: of the enlarged frame, of a piece, of what counts as a seam
CLOSE = 1e-3  # of the range


def report(folder: Path) -> None:
    """Print a row for each movie."""
    print(f"\nkymo, pieces of {PIECE} px with {MARGIN} px around them, against the whole frame of {SIDE} px\n")
    print("| movie | pixels within 1e-3, % | largest difference | error at seams, pieces / whole |")
    print("|---|---|---|---|")
    for path in sorted(folder.glob("*.tif")):
        if (frames := enlarged(path)) is not None:
            close, largest, ratio = compare(frames)
            print(f"| {path.stem} | {100 * close:.2f} | {largest:.4f} | {ratio:.3f} |", flush=True)


def enlarged(path: Path) -> NDArray[np.float32] | None:
    """Return seven frames of the first channel around the middle of a movie, mirrored to SIDE x SIDE."""
    with cafi.read(path) as movie:
        if movie.header.size.t < 7:
            return None
        first = (movie.header.size.t - 7) // 2
        pixels = np.stack([movie.frame(first + t, 0)[0] for t in range(7)])
    height, width = pixels.shape[1:]
    wide = np.pad(pixels, ((0, 0), (0, max(0, SIDE - height)), (0, max(0, SIDE - width))), mode="symmetric")
    scale = intensity_range(wide)
    return scale.normalise(wide[:, :SIDE, :SIDE]).astype(np.float32)


def compare(frames: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return the share of close pixels, the largest difference, and the ratio of errors at seams.

    Parameters
    ----------
    frames : ndarray of float32, shape (7, Y, X)
        Of these the odd ones are predicted from the even ones: the one in the middle is scored.
    """
    network = registry.get("kymo").network  # type: ignore[attr-defined]
    seen = torch.from_numpy(frames[[0, 2, 4, 6]])[None]
    window = Window(seen, torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4))
    with torch.inference_mode():
        whole = predict_in_pieces(network, window, largest=SIDE).mean[0, 0].numpy()
        pieces = predict_in_pieces(network, window, largest=PIECE).mean[0, 0].numpy()
    difference = np.abs(whole - pieces)
    seam = np.zeros(whole.shape, bool)
    for cut in range(PIECE, SIDE, PIECE):
        seam[cut - NEAR : cut + NEAR], seam[:, cut - NEAR : cut + NEAR] = True, True
    ratio = np.abs(pieces - frames[3])[seam].mean() / np.abs(whole - frames[3])[seam].mean()
    return float((difference < CLOSE).mean()), float(difference.max()), float(ratio)
