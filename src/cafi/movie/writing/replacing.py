"""What may be replaced: only what cafi wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refuse_foreign(path: Path, kind: str, is_ours: Callable[[Path], bool]) -> None:
    """Refuse to replace what cafi has not written.

    Parameters
    ----------
    path : Path
    kind : str
        What cafi would have written there, such as 'report'.
    is_ours : callable
        Whether cafi has written what lies there; asked only where something does.

    Raises
    ------
    CafiError
        If something else lies there.
    """
    if path.exists() and not is_ours(path):
        raise CafiError(f"{path} exists already and is no {kind} of cafi's; move it away, or name another place.")
