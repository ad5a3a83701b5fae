"""The planes of a movie in TIFF files."""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie.reading.guard import plane_name
from cafi.movie.reading.tiff_file import TiffFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.reading.dimensions import Dimensions
    from cafi.movie.reading.tiff_file import PageForm

_OPEN_FILES = 16


class FilePool:
    """Keeps a few of the files of a multi-file series open.

    Parameters
    ----------
    root : TiffFile
        The file that the series was opened by; it stays open.
    """

    def __init__(self, root: TiffFile) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, TiffFile] = OrderedDict()
        self._users: Counter[Path] = Counter()

    @contextmanager
    def borrow(self, path: Path) -> Iterator[TiffFile]:
        """Lend a file, opened if need be."""
        if path == self._root.path:
            yield self._root
            return
        with self._lock:
            file = self._files.get(path) or TiffFile(path)
            self._files[path] = file
            self._files.move_to_end(path)
            self._users[path] += 1
        try:
            yield file
        finally:
            with self._lock:
                self._users[path] -= 1
                idle = [other for other in self._files if not self._users[other]]
                for other in idle[: max(0, len(self._files) - _OPEN_FILES)]:
                    self._files.pop(other).close()

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()
        self._root.close()


PageMap = Callable[[int], "tuple[Path, int] | None"]
"""Returns file and number (in the file) of a page of a stack; None where there is none."""


@dataclass(frozen=True)
class Contiguous:
    """Pages that follow one another uncompressed, whatever the file's directory says."""

    offset: int


class TiffPlanes:
    """A `PlaneSource` that reads one page at a time.

    Parameters
    ----------
    root : TiffFile
    dimensions : Dimensions
        Of the whole stack. The last ones lie inside a page, the others count pages.
    inner : int
        How many of the dimensions lie inside a page.
    form : PageForm
    pages : PageMap or Contiguous
    """

    def __init__(
        self,
        root: TiffFile,
        dimensions: Dimensions,
        inner: int,
        form: PageForm,
        pages: PageMap | Contiguous,
    ) -> None:
        self._root = root
        self._pool = FilePool(root)
        self._dimensions = dimensions
        split = len(dimensions.shape) - inner
        self._outer = dimensions.shape[:split]
        self._inner = dimensions.shape[split:]
        self._form = form
        self._pages = pages
        # A page with several planes is decoded once for planes that are read one after the other.
        inside = zip(self._inner, dimensions.labels[split:], strict=True)
        self._several = math.prod(n for n, label in inside if label not in "YXS") > 1
        self._last: tuple[int, NDArray[Any]] | None = None

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one plane, shape (Y, X) or (Y, X, S)."""
        index = self._dimensions.locate(t, c, z)
        split = len(self._outer)
        page = self._page(self._number(index[:split]), plane_name(t, c, z))
        if page is None:
            page = np.zeros(self._inner, self._form.dtype.newbyteorder("="))
        plane = page.reshape(self._inner)[index[split:]]
        plane = plane.transpose(self._dimensions.plane_order)
        return plane.copy() if self._several else np.ascontiguousarray(plane)

    def _number(self, index: tuple[Any, ...]) -> int:
        return int(np.ravel_multi_index(index, self._outer)) if index else 0

    def _page(self, number: int, plane: str) -> NDArray[Any] | None:
        last = self._last
        if last is not None and last[0] == number:
            return last[1]
        pixels = self._read(number, plane)
        if self._several and pixels is not None:
            self._last = (number, pixels)
        return pixels

    def _read(self, number: int, plane: str) -> NDArray[Any] | None:
        if isinstance(self._pages, Contiguous):
            size = math.prod(self._form.shape) * self._form.dtype.itemsize
            return self._root.read_block(self._pages.offset + number * size, self._form, plane)
        place = self._pages(number)
        if place is None:
            return None
        with self._pool.borrow(place[0]) as file:
            if place[1] >= len(file.directories):
                file.directories.require_whole(place[0])
                return None
            return file.read_page(place[1], self._form, plane)

    def is_missing(self, t: int, c: int, z: int) -> bool:
        """Whether no pixels are stored for this plane."""
        if isinstance(self._pages, Contiguous):
            return False
        place = self._pages(self._number(self._dimensions.locate(t, c, z)[: len(self._outer)]))
        if place is None:
            return True
        with self._pool.borrow(place[0]) as file:
            return place[1] >= len(file.directories) or file.is_empty(place[1])

    def close(self) -> None:
        """Let go of the files."""
        self._pool.close()
