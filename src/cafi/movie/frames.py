"""The frame table: for every frame of an output movie, whether it was measured or predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Axis = Literal["t", "z"]

ACQUIRED = 0
INTERPOLATED = 1
RESAMPLED = 2
KIND_NAMES = ("acquired", "interpolated", "resampled")


class Counts(NamedTuple):
    """Numbers of frames."""

    acquired: int
    interpolated: int
    resampled: int


@dataclass(frozen=True)
class FrameTable:
    """The frames of an output movie along one axis, in order.

    Attributes
    ----------
    axis : 't' or 'z'
        The axis along which frames were predicted.
    unit : str
        Of the positions: 's', 'µm' (or the movie's length unit), or 'frame' where the source
        does not say.
    positions : ndarray of float64, shape (N,)
        Time or depth of every output frame, strictly increasing.
    kind : ndarray of uint8, shape (N,)
        `ACQUIRED`, `INTERPOLATED` or `RESAMPLED`: zoomed, so that no pixel is an acquired one, at the time of an
        acquired frame or between two.
    left : ndarray of int64, shape (N,)
        For a frame at the time of an acquired one the index of that in the source; for one between two the index
        of the acquired frame that begins its gap (the gap ends at ``left + 1``).
    fraction : ndarray of float64, shape (N,)
        Where in the gap, in (0, 1); 0 at the time of an acquired frame.
    source_positions : ndarray of float64, shape (M,)
        Time or depth of every acquired frame of the source.
    """

    axis: Axis
    unit: str
    positions: NDArray[np.float64]
    kind: NDArray[np.uint8]
    left: NDArray[np.int64]
    fraction: NDArray[np.float64]
    source_positions: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def acquired(self) -> NDArray[np.bool_]:
        """True where the frame was measured, shape (N,)."""
        import numpy as np

        return np.equal(self.kind, ACQUIRED)

    @property
    def counts(self) -> Counts:
        """How many frames there are of each kind."""
        return Counts(*(int((self.kind == kind).sum()) for kind in range(len(KIND_NAMES))))

    @property
    def between(self) -> NDArray[np.bool_]:
        """True where the frame lies between two acquired ones, shape (N,)."""
        import numpy as np

        return np.greater(self.fraction, 0)

    @property
    def left_out(self) -> NDArray[np.int64]:
        """Indices of the source's acquired frames that this table does not contain."""
        import numpy as np

        return np.setdiff1d(np.arange(len(self.source_positions)), self.left[~self.between])

    def resampled(self) -> FrameTable:
        """Return the table of the same frames where no pixel is an acquired one: all are marked as resampled."""
        import numpy as np

        return replace(self, kind=np.full_like(self.kind, RESAMPLED))

    def with_gaps(self, gaps: Iterable[int]) -> FrameTable:
        """Return the table with frames between acquired ones in these gaps only; the others stay."""
        import numpy as np

        kept = ~self.between | np.isin(self.left, list(gaps))
        return replace(
            self,
            positions=self.positions[kept],
            kind=self.kind[kept],
            left=self.left[kept],
            fraction=self.fraction[kept],
        )
