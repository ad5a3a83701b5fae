"""The dimensions of stored data, what they mean, and where a plane lies in them."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

from cafi.errors import CafiError
from cafi.movie.model import Size


@dataclass(frozen=True)
class Dimensions:
    """Lengths and meanings of stored dimensions, in their order.

    Attributes
    ----------
    labels : str
        One letter for each: T, C, Z, Y, X, and S for the samples of an RGB pixel; s for samples
        that are channels; any other letter where the meaning is not known.
    shape : tuple of int
    colors : int
        How many neighbours along C are the samples of one RGB(A) pixel; 1: each is a channel.
    """

    labels: str
    shape: tuple[int, ...]
    colors: int = 1

    def length(self, label: str) -> int:
        """Return the length of a dimension, 1 where there is none."""
        return math.prod(n for name, n in zip(self.labels, self.shape, strict=True) if name == label)

    @property
    def size(self) -> Size:
        """TCZYX lengths."""
        channels = self.length("C") * self.length("s") // self.colors
        return Size(self.length("T"), channels, self.length("Z"), self.length("Y"), self.length("X"))

    @property
    def samples(self) -> int:
        """Samples of a pixel: 1, or 3 or 4 for RGB(A)."""
        return self.length("S") * self.colors

    @property
    def plane_order(self) -> tuple[int, ...]:
        """How the dimensions of `locate`'s slices are to be transposed to (Y, X) or (Y, X, S)."""
        order = "YXSC" if self.colors > 1 else "YXS"
        kept = [label for label in self.labels if label in order]
        return tuple(kept.index(label) for label in order if label in kept)

    def locate(self, t: int, c: int, z: int) -> tuple[int | slice, ...]:
        """Return the index of one plane; its Y, X and S dimensions are whole."""
        # Readers tell numbers from slices by their type, which numpy's integers do not share.
        t, c, z = map(operator.index, (t, c, z))
        channel, sample = divmod(c, self.length("s"))
        place: dict[str, int | slice] = {"T": t, "C": channel, "s": sample, "Z": z}
        if self.colors > 1:
            place["C"] = slice(c * self.colors, (c + 1) * self.colors)
        whole = slice(None)
        return tuple(place.get(label, whole if label in "YXS" else 0) for label in self.labels)

    def told(self) -> str:
        """Tell dimensions and shape as messages do: without those of length one, ? where the meaning is open."""
        shown = self.squeezed()
        labels = "".join(label if label in "TCZYXS" else "C" if label == "s" else "?" for label in shown.labels)
        return f"{labels} of shape {'x'.join(map(str, shown.shape))}"

    def squeezed(self) -> Dimensions:
        """Leave out dimensions of length one, except Y and X."""
        kept = [i for i, label in enumerate(self.labels) if self.shape[i] != 1 or label in "YX"]
        return Dimensions("".join(self.labels[i] for i in kept), tuple(self.shape[i] for i in kept))


def settle(
    path: object, found: Dimensions, axes: str | None, things: str = "pages"
) -> tuple[Dimensions, tuple[str, ...]]:
    """Decide what every dimension means.

    Parameters
    ----------
    path : Path
        For messages.
    found : Dimensions
        What the file says; letters other than TCZYXSs are of unknown meaning.
    axes : str or None
        What the user says: one letter for each dimension, with or without those of length one.
    things : str
        What the members of an unknown dimension are called.

    Returns
    -------
    Dimensions
        With every dimension known, and in the stored order.
    assumptions : tuple of str

    Raises
    ------
    CafiError
        If `axes` does not fit, or if the meaning stays open.
    """
    if 0 in found.shape:
        raise CafiError(f"{path}: it holds no pixels, as its shape is {found.told()}; choose another file.")
    if axes is not None:
        return _relabelled(path, found, axes), ()
    squeezed = found.squeezed()
    unknown = [label for label in squeezed.labels if label not in "TCZYXSs"]
    known = [label for label in squeezed.labels if label in "TCZYXSs"]
    if len(set(known)) < len(known) or len(unknown) > 1 or (unknown and "T" in known):
        raise CafiError(
            f"{path}: it does not say what all its dimensions {found.told()} mean; say it with --axes,"
            f" such as --axes {_example(squeezed)}."
        )
    labels = "".join(
        "T" if label in unknown and n > 1 else "-" if label not in "TCZYXSs" or (n == 1 and label in "TCZ") else label
        for label, n in zip(found.labels, found.shape, strict=True)
    )
    settled = Dimensions(labels, found.shape)
    if not unknown:
        return settled, ()
    other = settled.squeezed().labels.replace("T", "Z").upper() if "Z" not in known else _example(squeezed)
    taken = f"The {settled.length('T')} {things} were taken as time, as nothing says what they are;"
    return settled, (f"{taken} --axes decides otherwise, such as --axes {other}.",)


def _example(squeezed: Dimensions) -> str:
    free = [label for label in "TZC" if label not in squeezed.labels]
    return "".join(label.upper() if label in "TCZYXSs" or not free else free.pop(0) for label in squeezed.labels)


def _relabelled(path: object, found: Dimensions, axes: str) -> Dimensions:
    letters = axes.strip().upper()
    squeezed = found.squeezed()
    problem = None
    base = found if len(letters) == len(found.labels) else squeezed
    if set(letters) - set("TCZYXS"):
        problem = "has letters other than T, C, Z, Y, X and S"
    elif len(set(letters)) < len(letters):
        problem = "names a dimension twice"
    elif len(letters) != len(base.labels):
        problem = f"names {len(letters)} dimensions"
    elif any(letters.find(label) != base.labels.find(label) for label in "YX"):
        problem = "has Y and X elsewhere than the file"
    elif "S" in letters and base.labels.upper().find("S") != letters.find("S"):
        problem = "has S where the file has no samples of a pixel"
    elif "S" in letters and base.shape[letters.find("S")] not in (1, 3, 4):
        problem = "takes as RGB what has neither 3 nor 4 samples"
    if problem:
        raise CafiError(
            f"{path}: --axes {axes} {problem}; the file's dimensions are {found.told()}, so give one letter of"
            " T, C, Z, Y, X (and S for RGB samples) for each, in that order."
        )
    if base is found:
        return Dimensions(letters, found.shape)
    given = iter(letters)
    labels = "".join(
        next(given) if n != 1 or label in "YX" else "-" for label, n in zip(found.labels, found.shape, strict=True)
    )
    return Dimensions(labels, found.shape)
