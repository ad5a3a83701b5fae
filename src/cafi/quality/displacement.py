"""Error against displacement: how far things move in a gap, and how much worse their prediction gets."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.quality.metrics.ranges import grey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Movie
    from cafi.quality.metrics import Range
    from cafi.quality.results import HeldOut, Target

BLOCK = 32  # pixels in a side; displacement is the median in a block, the error its root mean square
SMOOTHING = 1.5  # pixels: optical flow of noise is no displacement
STRUCTURE = 3.0  # times the standard deviation of smoothed noise: from here on a block shows something
NORMAL_MEDIAN = 0.6745  # of the absolute value, in standard deviations
SHARES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0)  # of all blocks: where the classes of displacement end
FEWEST = 8  # blocks in a class
RESAMPLED = 500
SEED = 0


@dataclass(frozen=True)
class DisplacementError:
    """The error of a method where things move so far.

    Attributes
    ----------
    method : str
    channel : int
    displacement : float
        Median over the blocks of this class, in pixels over the whole gap.
    least, most : float
        The class: blocks with displacements from least to most.
    rmse : float
        Root mean square of predicted minus measured, in units of the channel's intensity range.
    rmse_low, rmse_high : float
        95 % confidence interval, by resampling gaps; NaN where there are fewer than three.
    blocks : int
    """

    method: str
    channel: int
    displacement: float
    least: float
    most: float
    rmse: float
    rmse_low: float
    rmse_high: float
    blocks: int


class DisplacementCheck:
    """Takes predicted planes as they come, and keeps one number for each block of each.

    Parameters
    ----------
    movie : Movie
        All of it.
    held_out : HeldOut
    ranges : dict of int to Range
        Of each channel that is scored.

    Notes
    -----
    Displacement is what optical flow (DIS, on smoothed copies) finds between the acquired ends of the gap, so it is
    known for gaps that are really filled as well. It is taken from the middle depth, and so is the error. Blocks that
    show nothing but noise are left out.
    """

    def __init__(self, movie: Movie, held_out: HeldOut, ranges: dict[int, Range]) -> None:
        self._movie, self._held_out, self._ranges = movie, held_out, ranges
        self._z = movie.header.size.z // 2
        self._motion: dict[int, dict[int, NDArray[np.float64]]] = {channel: {} for channel in ranges}
        self._squares: dict[tuple[int, str], list[tuple[int, NDArray[np.float64]]]] = {}

    def take(
        self, method: str, target: Target, z: int, channel: int, truth: NDArray[Any], prediction: NDArray[Any]
    ) -> None:
        """Look at one predicted plane, shape (Y, X), in the movie's unit."""
        if z != self._z:
            return
        error = (np.asarray(prediction, np.float64) - truth) / self._ranges[channel].width
        self._squares.setdefault((channel, method), []).append((target.gap, _by_block(error**2, np.mean)))
        if target.gap not in self._motion[channel]:
            self._motion[channel][target.gap] = self._moved(target.gap, channel)

    def result(self) -> list[DisplacementError]:
        """Return the error of every method in classes of displacement, which are the same for all."""
        found = []
        for (channel, method), squares in sorted(self._squares.items(), key=lambda item: item[0][0]):
            motion = self._motion[channel]
            edges = _class_edges(list(motion.values()))
            gaps = np.array([gap for gap, _ in squares])
            moved = np.stack([motion[gap].ravel() for gap, _ in squares])
            errors = np.stack([blocks.ravel() for _, blocks in squares])
            found += _classes(method, channel, gaps, moved, errors, edges)
        return found

    def _moved(self, gap: int, channel: int) -> NDArray[np.float64]:
        """Return the displacement over a gap for each block, in pixels."""
        frames = self._held_out.kept[gap], self._held_out.kept[gap + 1]
        planes = (grey(self._movie.source.read(frame, channel, self._z)) for frame in frames)
        return displacement(*(self._ranges[channel].normalise(plane) for plane in planes))


def displacement(first: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far things move between two frames, for each block, in pixels.

    Parameters
    ----------
    first, last : ndarray, shape (Y, X)
        Normalised to [0, 1].

    Returns
    -------
    ndarray of float64, shape (blocks along y, blocks along x)
        NaN where both frames show nothing but noise: what moves there cannot be known.
    """
    from scipy.ndimage import gaussian_filter

    from cafi.interpolators.classical.motion import estimate_motion

    smooth = [gaussian_filter(np.nan_to_num(frame), SMOOTHING).astype(np.float32) for frame in (first, last)]
    flow = estimate_motion(*smooth).middle
    moved = _by_block(np.hypot(flow[..., 0], flow[..., 1]), np.median)
    both = zip(smooth, (first, last), strict=True)
    shows = [_by_block(seen, np.std) > STRUCTURE * _smoothed_noise(raw) for seen, raw in both]
    return np.where(shows[0] | shows[1], moved, np.nan)


def _smoothed_noise(frame: NDArray[np.float64]) -> float:
    """Return the standard deviation that white noise of this frame keeps after smoothing."""
    from cafi.engine.noise import high_pass_noise

    raw = float(high_pass_noise(np.nan_to_num(frame)[None].astype(np.float32))[0]) / NORMAL_MEDIAN
    return raw / (2 * math.sqrt(math.pi) * SMOOTHING)


def write_displacement_errors(path: Path, found: Sequence[DisplacementError]) -> None:
    """Write them as a table (CSV), which appears whole."""
    unfinished = path.with_name(path.name + ".partial")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [column.name for column in fields(DisplacementError)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(asdict(one) for one in found)
    unfinished.replace(path)


def read_displacement_errors(path: Path) -> list[DisplacementError]:
    """Read what `write_displacement_errors` wrote.

    Raises
    ------
    CafiError
        If it is damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_row(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, ValueError, KeyError, csv.Error) as error:
        raise CafiError(f"{path} is damaged; remove it, or run `cafi evaluate` again.") from error


def _row(row: dict[str, str]) -> DisplacementError:
    numbers = ("displacement", "least", "most", "rmse", "rmse_low", "rmse_high")
    return DisplacementError(
        method=row["method"],
        channel=int(row["channel"]),
        blocks=int(row["blocks"]),
        **{name: float(row[name]) for name in numbers},
    )


def _by_block(frame: NDArray[Any], summary: Any) -> NDArray[np.float64]:
    """Summarise blocks of about `BLOCK` pixels in a side, shape (..., Y, X) -> (..., blocks, blocks)."""
    cuts = [np.array_split(np.arange(side), max(1, side // BLOCK)) for side in frame.shape[-2:]]
    return np.stack(
        [
            np.stack([summary(frame[..., y[0] : y[-1] + 1, x[0] : x[-1] + 1], axis=(-2, -1)) for x in cuts[1]], -1)
            for y in cuts[0]
        ],
        -2,
    )


def _class_edges(motion: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return where classes of displacement begin and end: fewer than `SHARES` has where there are few blocks."""
    values = np.concatenate([blocks.ravel() for blocks in motion])
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros(0)
    shares = [0.0]
    for share in SHARES[1:]:
        if (share - shares[-1]) * values.size >= FEWEST and (1 - share) * values.size >= FEWEST:
            shares.append(share)
    return np.asarray(np.quantile(values, [*shares, 1.0]))


def _classes(
    method: str,
    channel: int,
    gaps: NDArray[np.int64],
    moved: NDArray[np.float64],
    errors: NDArray[np.float64],
    edges: NDArray[np.float64],
) -> list[DisplacementError]:
    found = []
    for i, (least, most) in enumerate(pairwise(edges.tolist())):
        inside = (moved >= least) & ((moved <= most) if i == len(edges) - 2 else (moved < most))
        inside &= np.isfinite(errors)
        if not inside.any():
            continue
        sums = np.where(inside, errors, 0).sum(1)
        counts = inside.sum(1)
        low, high = _confidence(gaps, sums, counts)
        rmse = float(np.sqrt(sums.sum() / counts.sum()))
        middle = float(np.median(moved[inside]))
        found.append(
            DisplacementError(method, channel, middle, float(least), float(most), rmse, low, high, int(counts.sum()))
        )
    return found


def _confidence(gaps: NDArray[np.int64], sums: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return the 95 % interval of the root mean square, by drawing gaps with replacement (percentile bootstrap)."""
    distinct, place = np.unique(gaps, return_inverse=True)
    if len(distinct) < 3:
        return float("nan"), float("nan")
    of_gap = np.stack([np.bincount(place, sums), np.bincount(place, counts)])
    drawn = np.random.default_rng(SEED).integers(0, len(distinct), (RESAMPLED, len(distinct)))
    total, number = of_gap[:, drawn].sum(-1)
    means = np.sqrt(total[number > 0] / number[number > 0])
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
