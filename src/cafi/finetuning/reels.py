"""Movies to learn from, read from disk as they are needed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from cafi.engine.breaks import Breaks
from cafi.engine.likeness import small_copy
from cafi.engine.normalisation import channels_first, measure
from cafi.errors import CafiError
from cafi.finetuning.split import split
from cafi.movie.plane_report import largest_value
from cafi.movie.reading import open_movie
from cafi.quality.checking import channel_names, chosen_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.finetuning.split import Split
    from cafi.movie.model import Header, Movie
    from cafi.movie.options import ReadOptions

OPEN_AT_ONCE = 32
COLOURS = 3  # samples of a pixel that show something; a fourth is its opacity
CACHED = 1 << 30  # bytes of frames that are kept in memory, of all movies together

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """What was used last, up to a limit.

    Parameters
    ----------
    limit : int
        Of the sum of all sizes; the latest is kept whatever its size.
    size : callable
        Of a value.
    discard : callable
        Called with each value that is taken off.
    """

    def __init__(
        self, limit: int, size: Callable[[Value], int], discard: Callable[[Value], None] = lambda _: None
    ) -> None:
        self._limit, self._size, self._discard, self._used = limit, size, discard, 0
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return a value, made anew if it is not there."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = self._kept[key] = make()
        self._used += self._size(value)
        while self._used > self._limit and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._used -= self._size(oldest)
            self._discard(oldest)
        return value

    def clear(self) -> None:
        """Take everything off."""
        for value in self._kept.values():
            self._discard(value)
        self._kept.clear()
        self._used = 0


class Library:
    """What all movies share: how many are open, and how much of them is in memory.

    Parameters
    ----------
    read : ReadOptions
    limit : int
        Bytes of frames in memory.
    """

    def __init__(self, read: ReadOptions, limit: int = CACHED) -> None:
        self.read = read
        self._movies: Shelf[Movie] = Shelf(OPEN_AT_ONCE, lambda _: 1, lambda movie: movie.source.close())
        self._frames: Shelf[NDArray[np.float32]] = Shelf(limit, lambda frame: frame.nbytes)

    def movie(self, path: Path) -> Movie:
        """Return a movie, opened if it is not."""
        return self._movies.get(path, lambda: open_movie(path, self.read))

    def frame(self, path: Path, t: int, z: int, normalisation: Normalisation) -> NDArray[np.float32]:
        """Return a normalised frame, 0 where it is not finite, shape (C * S, Y, X)."""

        def read() -> NDArray[np.float32]:
            planes = normalisation.apply(channels_first(self.movie(path).frame(t, z)))
            return np.nan_to_num(planes, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

        return self._frames.get((path, t, z), read)

    def close(self) -> None:
        """Close all movies."""
        self._movies.clear()
        self._frames.clear()


@dataclass(frozen=True)
class Reel:
    """A movie to learn from.

    Attributes
    ----------
    path : Path
    header : Header
    normalisation : Normalisation
        As in a run.
    planes : tuple of int
        Of a normalised frame, that are learned from: channels, or samples of RGB pixels.
    split : Split
    positions : ndarray of float64, shape (T,)
        Time of every frame, or its index where the movie does not say.
    library : Library
    breaks : Breaks
    """

    path: Path
    header: Header
    normalisation: Normalisation
    planes: tuple[int, ...]
    split: Split
    positions: NDArray[np.float64]
    library: Library
    breaks: Breaks

    def frame(self, t: int, z: int) -> NDArray[np.float32]:
        """Return a normalised frame, shape (C * S, Y, X)."""
        return self.library.frame(self.path, t, z, self.normalisation)

    def whole(self, first: int, last: int) -> bool:
        """Tell whether no cut or stage jump lies between two frames."""
        return all(self.breaks.at(gap) is None for gap in range(first, last))


def load_reel(path: Path, library: Library, channels: str | None, least: int = 1) -> Reel:
    """Look at a movie, and decide how it is parted.

    Parameters
    ----------
    path : Path
    library : Library
    channels : str, optional
        Which are learned from, by name or number, separated by commas.
    least : int
        Pixels that a window must have in a side.

    Raises
    ------
    CafiError
        If it cannot be read, or nothing can be learned from it; names it.
    """
    movie = library.movie(path)
    if len(movie.scenes) > 1 and library.read.scene is None:
        raise CafiError(f"{path} holds {len(movie.scenes)} scenes; say which with --scene N.")
    header, normalisation = movie.header, measure(movie)
    if header.frames is not None and not header.frames.acquired.all():
        raise CafiError(
            f"{path} holds interpolated frames; learn from acquired ones alone, which `cafi restore` gives back."
        )
    chosen = chosen_channels(channels, channel_names(movie), path)
    planes = tuple(c * header.samples + s for c in chosen for s in range(min(header.samples, COLOURS)))
    telling = _telling(movie, path, planes)
    try:
        parted = split(header.size.t, header.size.y, header.size.x)
    except CafiError as error:
        raise CafiError(f"{path} {error}") from None
    area = parted.training.area
    if min(area.height, area.width) < least:
        raise CafiError(
            f"{path} leaves {area.height} x {area.width} pixels to learn from, and this method takes {least} in a side;"
            " leave it out, or take another method."
        )
    positions = np.arange(header.size.t, dtype=np.float64) if header.times is None else header.times

    def copy_of(t: int) -> Any:
        return small_copy(library.frame(path, t, header.size.z // 2, normalisation))

    return Reel(path, header, normalisation, telling, parted, positions, library, Breaks(header.size.t - 1, copy_of))


def _telling(movie: Movie, path: Path, planes: tuple[int, ...]) -> tuple[int, ...]:
    """Return those planes of a frame that show anything, looking at three frames of the movie."""
    size, largest = movie.header.size, largest_value(movie.header)
    looked = [channels_first(movie.frame(t, size.z // 2)) for t in (0, size.t // 2, size.t - 1)]
    found = tuple(p for p in planes if any(np.nanmin(f[p]) < np.nanmax(f[p]) for f in looked))
    if found:
        return found
    full = largest is not None and all(bool((f[list(planes)] >= largest).all()) for f in looked)
    what = "is saturated everywhere" if full else "is constant: no pixel differs from the others"
    raise CafiError(f"{path} {what}; there is nothing to learn from.")
