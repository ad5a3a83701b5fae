"""RIFE with its public weights: a peer in benchmarks, no part of the product."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Peer = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


def load(tool: Path, versions: tuple[str, ...]) -> dict[str, Peer]:
    """Return functions of two frames in [0, 1] that give the frame half way, by version; none without the tool."""
    if not tool.exists():
        print(f"{tool} is not there: RIFE is left out.")
        return {}
    spec = importlib.util.spec_from_file_location("rife_peer", tool)
    if spec is None or spec.loader is None:
        raise ValueError(f"{tool} is no Python file")
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    return {version: peer.load(version) for version in versions}
