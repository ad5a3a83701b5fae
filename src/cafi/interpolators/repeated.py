"""iCAFI: a method for the middle of a gap, asked again and again, so that predicted frames end smaller gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.protocol import Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from cafi.interpolators.protocol import Interpolator

MOST = 9  # doublings: a factor of 512
EXACT = 1e-6  # of a gap: so far from its place may a time lie
COPY = 12  # bytes of a colour pixel in a frame that is kept


def for_times(
    interpolator: Interpolator, fractions: NDArray[np.float64], *, repeat: bool = False
) -> Interpolator | Repeated:
    """Return what predicts these times: the method itself, or the method repeatedly; refuse times that neither can.

    Parameters
    ----------
    interpolator : Interpolator
    fractions : ndarray of float64
        Wanted places in gaps, in (0, 1).
    repeat : bool
        Repeat also a method that predicts any time.

    Raises
    ------
    CafiError
        If a time is not k / 2 ** n of a gap; names the methods that can predict it. Or if the method enlarges.
    """
    doublings = _doublings(fractions)
    if interpolator.times == "any" and not repeat:
        return interpolator
    if doublings is None and repeat:
        raise CafiError(
            "--repeat predicts the middle of a gap again and again, for a --factor of 2, 4, 8 or 16; take one of these,"
            " or leave --repeat out."
        )
    if doublings is None:
        able = ", ".join(entry.name for entry in registry.summaries() if entry.times == "any")
        raise CafiError(
            f"{interpolator.name} predicts only the middle of a gap, if need be again and again; take a --factor of 2,"
            f" 4, 8 or 16, or a method for any time: {able}."
        )
    return Repeated(interpolator, doublings) if doublings > 1 else interpolator


def _doublings(fractions: NDArray[np.float64]) -> int | None:
    """How often gaps must be halved until all these times are there; None if never."""
    for n in range(1, MOST + 1):
        places = fractions * 2**n
        if (abs(places - places.round()) <= EXACT).all():
            return n
    return None


class Repeated:
    """A method, asked for the middle of the gap, then for the middles of the halves, and so on; see `Interpolator`.

    Every frame is what the method would predict if it were run again on its own output: a method that looks at four
    frames sees predicted ones around each smaller gap, those beyond the gap's ends included.

    Parameters
    ----------
    method : Interpolator
    doublings : int
        2 for a factor of 4, 3 for 8, ...

    Raises
    ------
    CafiError
        If the method enlarges: its predicted frames would not fit beside the acquired ones.
    """

    times: Literal["any", "middle"] = "any"
    zoom = 1

    def __init__(self, method: Interpolator, doublings: int) -> None:
        if method.zoom != 1:
            raise CafiError(
                f"{method.name} with --zoom {method.zoom} predicts no more than the middle of a gap, because its frames"
                " are larger than the acquired ones; take --factor 2, or leave --zoom out."
            )
        self._method, self.doublings = method, doublings
        self.name, self.summary = method.name, f"{method.summary}, repeatedly"
        self.multiple, self.classical, self.colour = method.multiple, method.classical, method.colour
        # The frames before and after the gap are ends of gaps themselves, whose middles are needed.
        self.context = method.context if doublings == 1 else 2 * method.context - 1
        # What is wrong near a tile's edge spreads with every doubling.
        self.reach = None if method.reach is None else doublings * method.reach
        self.bytes_per_pixel = method.bytes_per_pixel + COPY * (2**doublings + 2 * doublings)
        self.card = getattr(method, "card", None)
        self._latest: list[_Gap] = []

    def predict(self, frames: Tensor, frame_times: Tensor, t: Tensor, valid: Tensor) -> Prediction:
        """Predict frames inside gaps; see `Interpolator.predict`. Motion is left out: it would end at other frames."""
        used: list[_Gap] = []
        made = []
        for window, times, place, there in zip(frames, frame_times, t.tolist(), valid, strict=True):
            gap = next((g for g in (*used, *self._latest) if g.shows(window, times, there)), None)
            gap = gap or _Gap(self._method, self.doublings, window, times, there)
            if gap not in used:
                used.append(gap)
            made.append(gap.predict(round(place * 2**self.doublings)))
        self._latest = used  # the next batch may ask for other times of the same gaps
        scales = [one.scale for one in made if one.scale is not None]
        strangeness = [one.strangeness for one in made if one.strangeness is not None]
        return Prediction(
            torch.cat([one.mean for one in made]),
            torch.cat(scales) if scales else None,
            strangeness=torch.cat(strangeness) if strangeness else None,
        )


class _Gap:
    """The frames around one gap: acquired, and predicted so far.

    A place is counted in the smallest steps from the gap's beginning: its end is at 2 ** doublings.
    """

    def __init__(self, method: Interpolator, doublings: int, frames: Tensor, times: Tensor, valid: Tensor) -> None:
        self._method, self._step = method, 2**doublings
        self._window = (frames, times, valid)
        self._times = times.tolist()
        self._before = len(frames) // 2 - 1
        gap = (self._before, self._before + 1)
        there = [i for i, known in enumerate(valid.tolist()) if known or i in gap]
        self._acquired = {self._step * (i - self._before): frames[i] for i in there}
        self._made: dict[int, Prediction] = {}

    def shows(self, frames: Tensor, times: Tensor, valid: Tensor) -> bool:
        """Tell whether this is the gap inside a window."""
        mine = self._window
        same_kind = mine[0].shape == frames.shape and mine[0].device == frames.device
        return same_kind and all(torch.equal(a, b) for a, b in zip(mine, (frames, times, valid), strict=True))

    def predict(self, place: int) -> Prediction:
        """Predict the frame at a place from frames that are twice as far apart; each only once."""
        if place in self._made:
            return self._made[place]
        half = place & -place  # the largest power of two that divides it: half the gap whose middle it is
        context = self._method.context
        wanted = [place + (2 * i + 1) * half for i in range(-context, context)]
        inside = [min(max(p, min(self._acquired)), max(self._acquired)) for p in wanted]
        frames = torch.stack([self._frame(p) for p in inside])[None]
        start, end = self._time(place - half), self._time(place + half)
        times = [(self._time(p) - start) / (end - start) for p in inside]
        there = [p == q for p, q in zip(wanted, inside, strict=True)]
        device = frames.device
        made = self._method.predict(
            frames,
            torch.tensor([times], device=device),
            torch.tensor([0.5], device=device),
            torch.tensor([there]).to(device),
        )
        self._made[place] = Prediction(made.mean, made.scale, strangeness=made.strangeness)
        return self._made[place]

    def _frame(self, place: int) -> Tensor:
        acquired = self._acquired.get(place)
        return self.predict(place).mean[0] if acquired is None else acquired

    def _time(self, place: int) -> float:
        """The time of a place, 0 and 1 at the gap's ends; even between acquired frames, however irregular these are."""
        index, rest = divmod(place, self._step)
        start = self._times[index + self._before]
        return start + (self._times[index + self._before + 1] - start) * rest / self._step if rest else start
