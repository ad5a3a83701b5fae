"""Writing a whole movie as it is."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.writing import make_sink
from cafi.movie.writing.progress import make_folder, told_clearly
from cafi.movie.writing.publishing import discard, remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cafi.movie.model import Movie
    from cafi.movie.options import WriteOptions

_OURS = "copy"


def copy_frames(
    movie: Movie, target: Path, options: WriteOptions, on_progress: Callable[[int, int], None] | None
) -> None:
    """See `cafi.movie.writing.write_movie`."""
    folder = target.with_name(target.name + ".partial")
    if folder.exists() and not (folder / _OURS).exists():
        raise CafiError(
            f"{folder} holds the work of an interrupted run that would be lost; finish it, or move it away."
        )
    with told_clearly(target, lambda: "no frame is stored"):
        make_folder(target.parent)
        remove(folder)
        folder.mkdir()
        (folder / _OURS).touch()
    try:
        _copy(movie, target, folder, options, on_progress or (lambda _done, _total: None))
    finally:
        discard(folder)


def _copy(
    movie: Movie, target: Path, folder: Path, options: WriteOptions, on_progress: Callable[[int, int], None]
) -> None:
    size = movie.header.size
    sink = make_sink(target, folder, movie.header, options)
    workers = min(4, os.cpu_count() or 1)
    slots = [(t, z) for t in range(size.t) for z in range(size.z)]
    on_progress(0, len(slots))
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for done, (t, z) in enumerate(slots):
            waiting.append(pool.submit(sink.write, t, z, movie.frame(t, z)))
            # Few frames wait at a time, however long the movie is.
            while len(waiting) > workers:
                waiting.popleft().result()
            on_progress(done + 1 - len(waiting), len(slots))
        for future in waiting:
            future.result()
    sink.finish()
    on_progress(len(slots), len(slots))
