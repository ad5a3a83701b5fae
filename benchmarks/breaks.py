"""Cuts and stage jumps made in real movies: how many are found, and how many gaps are called one wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import cafi
from cafi.engine.breaks import Breaks
from cafi.engine.likeness import small_copy
from cafi.engine.normalisation import measure

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Frames = NDArray[np.float32]  # (T, Y, X), mean over channels

AROUND = 4  # frames on each side of a break that is made
REPEATS = 8  # for each movie, stride and kind
CROP = 0.6  # of each side


def report(folder: Path) -> None:
    """Print false alarms of untouched movies by stride, and recall by kind of break."""
    movies = {path.stem: _frames(path) for path in sorted(folder.glob("*.tif"))}
    print("\n| stride | gaps of untouched movies | called a break |\n|---|---|---|")
    for stride in (1, 2, 3, 4):
        parts = [movie[start::stride] for movie in movies.values() for start in range(stride)]
        gaps = sum(max(0, len(part) - 1) for part in parts)
        print(f"| {stride} | {gaps} | {sum(len(_found(part)) for part in parts)} |")
    print("\n| break | made | found | other gaps | called a break |\n|---|---|---|---|---|")
    random = np.random.default_rng(11)
    for kind in ("joined", "blank", "flipped", "jump"):
        made = found = others = wrong = 0
        for name, movie in movies.items():
            others_of = [m for other, m in movies.items() if other != name]
            for stride in (1, 2):
                for _ in range(REPEATS):
                    frames, gaps = _broken(kind, movie[::stride], others_of, random)
                    called = _found(frames)
                    made, found = made + len(gaps), found + len(called & gaps)
                    others, wrong = others + len(frames) - 1 - len(gaps), wrong + len(called - gaps)
        print(f"| {kind} | {made} | {found} ({found / made:.0%}) | {others} | {wrong} |")


def _frames(path: Path) -> Frames:
    with cafi.read(path) as movie:
        normalisation = measure(movie)
        return np.stack([normalisation.apply(movie.frame(t, 0)).mean(0) for t in range(movie.header.size.t)])


def _found(frames: Frames) -> set[int]:
    copies = [small_copy(frame[None]) for frame in frames]
    breaks = Breaks(len(frames) - 1, copies.__getitem__)
    return {gap for gap in range(len(frames) - 1) if breaks.at(gap) is not None}


def _broken(kind: str, movie: Frames, others: list[Frames], random: np.random.Generator) -> tuple[Frames, set[int]]:
    """Return a short crop of a movie with one break made in it, and the gaps that it makes."""
    first = _crop(movie, random)[:AROUND]
    height, width = first.shape[1:]
    edge = {len(first) - 1}
    if kind == "joined":
        other = others[random.integers(len(others))]
        height, width = min(height, other.shape[1]), min(width, other.shape[2])
        return np.concatenate([first[:, :height, :width], other[:AROUND, :height, :width]]), edge
    if kind == "blank":
        whole = _crop(movie, random)[: 2 * AROUND].copy()
        middle = len(whole) // 2
        whole[middle] = 0
        return whole, {middle - 1, middle} & set(range(len(whole) - 1))
    if kind == "flipped":
        return np.concatenate([first, first[:, ::-1, ::-1]]), edge
    return _jumped(movie, random)


def _jumped(movie: Frames, random: np.random.Generator) -> tuple[Frames, set[int]]:
    """Move a crop window by 10 to 40 % of its side in the middle of the movie."""
    height, width = (round(CROP * n) for n in movie.shape[1:])
    part = movie[: 2 * AROUND]
    middle = len(part) // 2
    y, x = (round(float(random.uniform(0.1, 0.4)) * n) for n in (height, width))
    return np.concatenate([part[:middle, :height, :width], part[middle:, y : y + height, x : x + width]]), {middle - 1}


def _crop(movie: Frames, random: np.random.Generator) -> Frames:
    height, width = (round(CROP * n) for n in movie.shape[1:])
    y, x = (int(random.integers(0, n - m + 1)) for n, m in zip(movie.shape[1:], (height, width), strict=True))
    return movie[:, y : y + height, x : x + width]
