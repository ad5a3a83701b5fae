"""Which scene of a file is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cafi.movie.options import ReadOptions

_LISTED = 20


def chosen_scene(path: object, names: Sequence[str], options: ReadOptions) -> int:
    """Return the number of the scene that the options ask for; the first where they leave it open.

    Raises
    ------
    CafiError
        If there is no such scene; lists those that there are.
    """
    if options.scene is None or options.scene == "all":
        return 0
    if 0 <= options.scene < len(names):
        return options.scene
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names[:_LISTED]))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    raise CafiError(f"{path}: it has no scene {options.scene}; choose one of {listed}{more}.")
