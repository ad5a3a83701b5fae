"""The contract between the engine and every method that fills a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """What an interpolator says about a batch of times.

    Attributes
    ----------
    mean : Tensor, float32, shape (B, C, zoom*Y, zoom*X)
        The predicted frames, in the unit of the input.
    scale : Tensor, float32, same shape, or None
        Laplace scale b of |measured - mean|, in the unit of the input.
    motion : Tensor, float32, shape (B, 2, 2, Y, X), or None
        Displacement (x, y) in pixels from the predicted frame to both ends of the gap.
    strangeness : Tensor, float32, shape (B, C), or None
        How unlike the data that the method was trained on each channel is; beyond 1 was one training window in a
        hundred.
    """

    mean: Tensor
    scale: Tensor | None = None
    motion: Tensor | None = None
    strangeness: Tensor | None = None


@runtime_checkable
class Interpolator(Protocol):
    """Anything that fills a gap from the frames around it.

    Attributes
    ----------
    name : str
        As in ``--method``.
    summary : str
        One line for ``cafi models list``.
    context : int
        Acquired frames needed on each side of the gap: 1 or 2.
    times : 'any' or 'middle'
        Whether it predicts any time in the gap, or only t = 0.5.
    reach : int or None
        Pixels of overlap that a tile needs; None: it must see the whole frame.
    multiple : int
        Height and width must be divisible by this; the engine pads.
    zoom : int
        Output pixels for each input pixel along y and x.
    classical : bool
        No learned weights; runs on the CPU.
    colour : bool
        Made for colour images: it is given each channel of a movie as an image of its own (B is then larger), whose
        C is 3 for RGB pixels and 1 for grey ones. Otherwise C counts all channels and samples.
    bytes_per_pixel : int
        Working memory for each pixel of one window of one channel (of one image, for methods made for colour), for
        the memory budget.

    Notes
    -----
    A method whose `predict` may run in several threads at once, each with one window, may further have
    ``bytes_beside``, int: what each of these needs for a pixel of one channel. On a CPU that is the faster way, because
    nothing waits after each layer of a network for the slowest thread. And ``mixes``, True: it may be mixed with linear
    blending where next to nothing moves, see `cafi.interpolators.mixed`.
    """

    name: str
    summary: str
    context: int
    times: Literal["any", "middle"]
    reach: int | None
    multiple: int
    zoom: int
    classical: bool
    colour: bool
    bytes_per_pixel: int

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps.

        Parameters
        ----------
        frames : Tensor, float32, shape (B, K, C, Y, X)
            K = 2 * context acquired frames around each gap, in time order, normalised (most
            values in [0, 1], none clipped), finite. The gap lies between frames K/2-1 and K/2.
        frame_times : Tensor, float32, shape (B, K)
            Their times, 0 and 1 at the ends of the gap.
        t : Tensor, float32, shape (B,)
            Times to predict, in (0, 1). A method whose zoom is not 1 is also asked for 0 and 1, the frames at the
            ends of the gap.
        valid : Tensor, bool, shape (B, K)
            False where the movie ends and a frame is a copy of the end frame.

        Returns
        -------
        Prediction
        """
