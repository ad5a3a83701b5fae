"""The frame table: for every frame of an output movie, whether it was measured or predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Axis = Literal["t", "z"]

ACQUIRED = 0
INTERPOLATED = 1
RESAMPLED = 2
KIND_NAMES = ("acquired", "interpolated", "resampled")


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
        `ACQUIRED`, `INTERPOLATED` or `RESAMPLED` (acquired, but zoomed).
    left : ndarray of int64, shape (N,)
        For an acquired frame its index in the source; for an interpolated one the index of the
        acquired frame that begins its gap (the gap ends at ``left + 1``).
    fraction : ndarray of float64, shape (N,)
        Where in the gap, in (0, 1); 0 for acquired frames.
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
    def left_out(self) -> NDArray[np.int64]:
        """Indices of the source's acquired frames that this table does not contain."""
        import numpy as np

        return np.setdiff1d(np.arange(len(self.source_positions)), self.left[self.acquired])

    def with_gaps(self, gaps: Iterable[int]) -> FrameTable:
        """Return the table with interpolated frames in these gaps only; acquired frames stay."""
        import numpy as np

        kept = self.acquired | np.isin(self.left, list(gaps))
        return replace(
            self,
            positions=self.positions[kept],
            kind=self.kind[kept],
            left=self.left[kept],
            fraction=self.fraction[kept],
        )
