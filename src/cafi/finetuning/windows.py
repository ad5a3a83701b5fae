"""Windows cut from a user's own movies: what a network sees, and the measured frame that it should have foretold.

The measured frame stands for the truth: its noise is independent of that of the frames around it, so what fits it best
on average is the frame without noise (Lehtinen et al. 2018, Noise2Noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from cafi.errors import CafiError
from cafi.finetuning.split import Area
from cafi.training.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from cafi.finetuning.reels import Reel
    from cafi.finetuning.split import Part

STRIDES = (2, 2, 3, 4)  # frames that a gap spans; the first is taken twice as often
END = 0.12  # share of windows that lack a frame at one end, as at the ends of a movie
TRIES = 50
LARGE = 4  # times the pixels of a window: from such frames on, all windows of a batch come from one gap, to read less


class Gap(NamedTuple):
    """A gap between two frames that are shown, and the frame within it that is asked for.

    Attributes
    ----------
    first, stride, target : int
    before, after : bool
        Whether the frames one stride outside of the gap are shown too.
    """

    first: int
    stride: int
    target: int
    before: bool
    after: bool

    @property
    def last(self) -> int:
        """The frame at its end."""
        return self.first + self.stride

    @property
    def places(self) -> tuple[int, int, int, int]:
        """The four frames that are shown; those that are not there repeat the gap's ends."""
        return (
            self.first - self.stride * self.before,
            self.first,
            self.last,
            self.last + self.stride * self.after,
        )


@dataclass(frozen=True)
class Kind:
    """What windows a method wants.

    Attributes
    ----------
    middle : bool
        Whether it knows the middle of a gap alone.
    multiple : int
        By which the sides of a window divide.
    largest : int
        Side of a window, at most, in pixels.
    batch : int
    """

    middle: bool
    multiple: int
    largest: int
    batch: int

    def shape(self, area: Area) -> tuple[int, int]:
        """Height and width of the windows cut from an area; 0 where it is too small."""
        height, width = (min(side, self.largest) // self.multiple * self.multiple for side in (area.height, area.width))
        return height, width


def gaps(part: Part, *, middle: bool) -> list[Gap]:
    """Every gap of a part with a frame to foretell.

    Parameters
    ----------
    part : Part
    middle : bool
        Only frames in the middle of gaps.
    """
    found = []
    for stride in STRIDES:
        for first in part.seen:
            last = first + stride
            if last not in part.seen:
                break
            inside = [t for t in range(first + 1, last) if t in part.targets and (not middle or 2 * t == first + last)]
            sides = first - stride in part.seen, last + stride in part.seen
            found += [Gap(first, stride, t, *sides) for t in inside]
    return found


class OwnWindows:
    """Windows without end from the training parts of movies, each batch from one of them.

    Parameters
    ----------
    reels : sequence of Reel
    kind : Kind
    device : torch.device
    seed : int
    """

    def __init__(self, reels: Sequence[Reel], kind: Kind, device: torch.device, seed: int) -> None:
        self._kind, self._device = kind, device
        self._random = np.random.default_rng(seed)
        self._choices = [(reel, gaps(reel.split.training, middle=kind.middle)) for reel in reels]

    def __iter__(self) -> Iterator[Windows]:
        return self

    def __next__(self) -> Windows:
        reel, choices = self._choices[self._random.integers(len(self._choices))]
        area, shape = reel.split.training.area, self._kind.shape(reel.split.training.area)
        together = area.height * area.width > LARGE * shape[0] * shape[1]
        place = self._place(reel, choices)
        cut = []
        for _ in range(self._kind.batch):
            cut.append(self._cut(reel, *place, area, shape))
            place = place if together else self._place(reel, choices)
        if self._random.random() < 0.5:
            cut = [window.transposed() for window in cut]
        return _stacked(cut, self._device)

    def _place(self, reel: Reel, choices: list[Gap]) -> tuple[Gap, int]:
        """Draw a gap without a break, and a depth."""
        for _ in range(TRIES):
            gap = choices[self._random.integers(len(choices))]
            if reel.whole(gap.places[0], gap.places[3]):
                return gap, int(self._random.integers(reel.header.size.z))
        raise CafiError(f"{reel.path} is cut so often that nothing can be learned from it; leave it out.")

    def _cut(self, reel: Reel, gap: Gap, z: int, area: Area, shape: tuple[int, int]) -> Cut:
        """Cut a window, flipped and turned back in time by chance."""
        random = self._random
        drop = random.random(2) < END
        gap = gap._replace(before=gap.before and not drop[0], after=gap.after and not drop[1])
        top = area.top + int(random.integers(area.height - shape[0] + 1))
        left = area.left + int(random.integers(area.width - shape[1] + 1))
        plane = reel.planes[random.integers(len(reel.planes))]
        window = cut_window(reel, gap, z, plane, Area(top, left, *shape))
        return window.posed(*(random.random(3) < 0.5))


@dataclass(frozen=True)
class Cut:
    """One window.

    Attributes
    ----------
    frames : ndarray of float32, shape (4, Y, X)
    truth : ndarray of float32, shape (Y, X)
        As it was measured.
    times : ndarray of float32, shape (4,)
    valid : ndarray of float32, shape (4,)
    t : float
    """

    frames: NDArray[np.float32]
    truth: NDArray[np.float32]
    times: NDArray[np.float32]
    valid: NDArray[np.float32]
    t: float

    def posed(self, upside_down: bool, mirrored: bool, backwards: bool) -> Cut:
        """Return it flipped in space and reversed in time."""
        y, x = slice(None, None, -1 if upside_down else 1), slice(None, None, -1 if mirrored else 1)
        made = Cut(self.frames[:, y, x], self.truth[y, x], self.times, self.valid, self.t)
        if not backwards:
            return made
        return Cut(made.frames[::-1], made.truth, 1 - made.times[::-1], made.valid[::-1], 1 - made.t)

    def transposed(self) -> Cut:
        """Return it with rows and columns exchanged."""
        return Cut(self.frames.transpose(0, 2, 1), self.truth.T, self.times, self.valid, self.t)


def cut_window(reel: Reel, gap: Gap, z: int, plane: int, area: Area) -> Cut:
    """Cut one window from a movie."""

    def look(t: int) -> NDArray[np.float32]:
        return reel.frame(t, z)[plane, area.rows, area.columns]

    positions, places = reel.positions, list(gap.places)
    begin, length = positions[gap.first], positions[gap.last] - positions[gap.first]
    times = ((positions[places] - begin) / length).astype(np.float32)
    valid = np.array([gap.before, True, True, gap.after], np.float32)
    t = float((positions[gap.target] - begin) / length)
    return Cut(np.stack([look(p) for p in places]), look(gap.target), times, valid, t)


def _stacked(cut: list[Cut], device: torch.device) -> Windows:
    def tensor(parts: list[NDArray[np.float32]]) -> Tensor:
        return torch.from_numpy(np.stack(parts)).to(device)

    frames, truth = tensor([c.frames for c in cut]), tensor([c.truth for c in cut])[:, None]
    return Windows(
        frames=frames,
        times=tensor([c.times for c in cut]),
        t=torch.tensor([c.t for c in cut], device=device),
        valid=tensor([c.valid for c in cut]),
        clean=frames,
        truth=truth,
        measured=truth,
        variance=torch.zeros_like(truth),
    )
