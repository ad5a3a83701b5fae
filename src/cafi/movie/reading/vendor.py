"""Files of the microscope makers: Nikon ND2, Zeiss CZI and Leica LIF.

They are read through the libraries that the bioio plugins are built on, one plane at a time from a
file that stays open: bioio itself opens the file anew for every plane.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from cafi.errors import CafiError
from cafi.movie.reading.signatures import read_head

if TYPE_CHECKING:
    from pathlib import Path

    from cafi.movie.model import Movie
    from cafi.movie.options import ReadOptions

_MAKERS = (
    (b"ZISRAWFILE", "zeiss", "CZI", ("aicspylibczi",)),
    (b"p\0\0\0", "leica", "LIF", ("liffile",)),
    (b"", "nikon", "ND2", ("nd2", "ome_types")),
)


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open one scene of an ND2, CZI or LIF file.

    Raises
    ------
    CafiError
        If the extra ``formats`` is not installed, the file is damaged, or it holds what is no movie.
    """
    head = read_head(path)
    _, maker, kind, libraries = next(entry for entry in _MAKERS if head.startswith(entry[0]))
    for name in libraries:
        try:
            import_module(name)
        except ImportError as error:
            raise CafiError(
                f'{path}: reading {kind} needs the library {name}; install it with pip install "cafi[formats]".'
            ) from error
    module = import_module(f"cafi.movie.reading.vendor_{maker}")
    return cast("Movie", module.open_scene(path, options))
