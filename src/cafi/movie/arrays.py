"""Movies whose pixels are in memory already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cafi.movie.model import Header, Movie, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ArraySource:
    """The planes of an array.

    Attributes
    ----------
    pixels : ndarray, shape (T, C, Z, Y, X) or (T, C, Z, Y, X, S)
    """

    pixels: NDArray[Any]

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return a plane."""
        plane: NDArray[Any] = self.pixels[t, c, z]
        return plane

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        """Nothing is missing in memory."""
        return False

    def close(self) -> None:
        """Nothing is open."""


def array_movie(pixels: NDArray[Any], name: str = "array", **header: Any) -> Movie:
    """Return an array as a movie.

    Parameters
    ----------
    pixels : ndarray, shape (T, C, Z, Y, X) or (T, C, Z, Y, X, S)
        RGB samples last.
    name : str
    **header
        Other fields of `cafi.movie.model.Header`, such as ``times`` in seconds, shape (T,).
    """
    samples = pixels.shape[5] if pixels.ndim == 6 else 1
    return Movie(Header(name, Size(*pixels.shape[:5]), pixels.dtype, samples, **header), ArraySource(pixels))
