"""The last step of writing, in which the target appears whole; and the removal of what led to it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def publish_folder(made: Path, target: Path, aside: Path) -> None:
    """Put a folder where the target is to be, moving what lies there aside first.

    Parameters
    ----------
    made : Path
        The finished folder; where it is gone, an earlier call got that far.
    target : Path
    aside : Path
        A free name on the same disk, for what is replaced.

    Notes
    -----
    A folder cannot replace another in one step. Killed between the two, the target is missing, and
    the next call puts it there.
    """
    if made.exists():
        if target.exists() or target.is_symlink():
            remove(aside)
            target.rename(aside)
        made.rename(target)
    remove(aside)


def discard(folder: Path) -> None:
    """Remove a folder of work in progress, so that it is never seen half removed."""
    doomed = folder.with_name(folder.name + ".removing")
    remove(doomed)
    if folder.exists():
        folder.rename(doomed)
    remove(doomed)


def remove(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
