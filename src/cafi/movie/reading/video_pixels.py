"""Pixels of decoded video frames, in the depth in which they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """How the frames of a video become planes.

    Attributes
    ----------
    shape : tuple of int
        (Y, X) or (Y, X, S).
    dtype : numpy.dtype
    significant_bits : int or None
        Where the format has fewer bits than the dtype.
    target : str or None
        The pixel format that a frame is converted to; None: taken as it is.
    palette : 'grey', 'colour' or None
        Whether pixels are indices into a palette of grey values or of colours.
    converted : str or None
        The colour model, where the conversion to RGB is not exact.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    significant_bits: int | None = None
    target: str | None = None
    palette: Literal["grey", "colour"] | None = None
    converted: str | None = None

    @property
    def samples(self) -> int:
        """Samples of a pixel."""
        return self.shape[2] if len(self.shape) == 3 else 1


def layout_of(frame: VideoFrame) -> Layout:
    """Decide, by the first frame of a video, how its frames become planes.

    Parameters
    ----------
    frame : av.VideoFrame

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        If the pixel format is neither grey nor of colours.
    """
    kind = frame.format
    plane = (frame.height, frame.width)
    bits = max(component.bits for component in kind.components)
    byte, word = np.dtype(np.uint8), np.dtype(np.uint16)
    if kind.name.startswith("grayf32"):
        return Layout(plane, np.dtype(np.float32))
    if kind.name.startswith("gray"):
        return Layout(plane, byte if bits == 8 else word, bits if 8 < bits < 16 else None)
    if kind.name == "pal8":
        grey = _is_grey(frame.to_ndarray()[1])
        return Layout(plane, byte, palette="grey") if grey else Layout((*plane, 3), byte, palette="colour")
    if kind.name in ("monob", "monow"):
        return Layout(plane, byte, target="gray")
    if len(kind.components) < 3 or kind.is_bayer:
        raise ValueError(kind.name)
    alpha = any(component.is_alpha for component in kind.components)
    colours = (*plane, 4 if alpha else 3)
    model = None if kind.is_rgb else "YUV"
    if bits <= 8:
        return Layout(colours, byte, target="rgba" if alpha else "rgb24", converted=model)
    if kind.is_rgb and kind.is_planar:
        # Converted to packed RGB these would be stretched to 16 bits.
        return Layout(colours, word, bits if bits < 16 else None)
    return Layout(colours, word, target="rgba64le" if alpha else "rgb48le", converted=model)


def pixels_of(frame: VideoFrame, layout: Layout) -> NDArray[Any]:
    """Return a frame's pixels, shape (Y, X) or (Y, X, S), in the dtype of the layout.

    Raises
    ------
    ValueError
        If PyAV has no array for the pixel format.
    """
    if layout.palette is not None:
        indices, palette = frame.to_ndarray()
        colours = palette[:, 1] if layout.palette == "grey" else palette[:, 1:4]
        return np.ascontiguousarray(colours[indices])
    pixels = frame.to_ndarray() if layout.target is None else frame.to_ndarray(format=layout.target)
    return np.ascontiguousarray(pixels, layout.dtype)


def _is_grey(palette: NDArray[np.uint8]) -> bool:
    """Whether a palette (256, ARGB) holds grey values only."""
    return bool((palette[:, 1:4] == palette[:, 1:2]).all())
