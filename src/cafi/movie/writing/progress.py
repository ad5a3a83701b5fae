"""What stops a writer, told in one sentence: a file in the way, a full disk, a closed folder, frames that are gone."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Windows has no disk quotas by that name.
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def make_folder(folder: Path) -> None:
    """Make a folder that the user named, and those above it, where they are missing.

    Raises
    ------
    CafiError
        If it, or one of those above it, is no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        in_the_way = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        raise CafiError(f"{in_the_way} is no folder, and none can be made in its place; name another one.") from error


@contextmanager
def told_clearly(target: Path, so_far: Callable[[], str]) -> Iterator[None]:
    """Turn the operating system's refusal to store something into a `CafiError`.

    Parameters
    ----------
    target : Path
        The output that is being written.
    so_far : callable
        Says how far it got, such as '12 of 40 frames are stored'; only asked when needed.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            problem, way_out = "there is no space left on the disk", "free some"
        elif error.errno in _CLOSED:
            problem, way_out = "the folder cannot be written", "allow writing to it"
        else:
            raise
        raise CafiError(
            f"{target}: {problem} ({so_far()}); {way_out} and run again,"
            " where --resume continues an interrupted interpolation."
        ) from error


def incomplete(target: Path, folder: Path) -> CafiError:
    """Return the error that frames which were stored are gone."""
    return CafiError(f"{target}: some of its frames are missing from {folder}; give --overwrite to start anew.")
