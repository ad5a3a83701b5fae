"""How many predictions a CPU makes at the same time, and with how many threads each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cafi.engine.options import EngineOptions, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cafi.engine.predicting import Predictor
    from cafi.interpolators.protocol import Interpolator
    from cafi.movie.model import Header

MOST = 8


def lane_count(predictor: Predictor, header: Header, options: EngineOptions) -> int:
    """Return as many lanes as torch may take threads, where the method can and the memory budget allows; else one.

    That number heeds OMP_NUM_THREADS and what a cluster allots, which the count of cores does not. Small frames leave
    most of the cores idle, when all of them share one frame's arithmetic; large ones do not, and need the memory.
    """
    import torch

    beside = getattr(predictor.interpolator, "bytes_beside", 0)
    if not beside or predictor.device.type != "cpu" or predictor.side is not None:
        return 1
    one = beside * header.size.y * header.size.x * header.size.c * header.samples
    return max(1, min(torch.get_num_threads(), MOST, parse_bytes(options.memory) // one))


@contextmanager
def threads_for(interpolator: Interpolator, lanes: int = 1) -> Iterator[None]:
    """Share torch's threads among the lanes; classical methods get one, as encoding needs the other cores."""
    import torch

    before = torch.get_num_threads()
    if interpolator.classical or lanes > 1:
        torch.set_num_threads(1 if interpolator.classical else max(1, before // lanes))
    try:
        yield
    finally:
        torch.set_num_threads(before)
