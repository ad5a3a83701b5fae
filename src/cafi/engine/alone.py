"""One run at a time works on a folder."""

from __future__ import annotations

import errno
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.writing.progress import told_clearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = "lock"
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which the operating system gives back when the process ends, however it ends.

    Raises
    ------
    CafiError
        If another run holds it, or it cannot be written.
    """
    with told_clearly(folder, lambda: "it cannot be locked"):
        file = (folder / LOCK_FILE).open("a")
    with file:
        try:
            _lock(file)
        except OSError as error:
            # Some network disks know no locks; there one has to do without.
            if error.errno in _HELD:
                raise CafiError(
                    f"{folder} is the work of a run that goes on now; wait for its end, or name another result."
                ) from error
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
