"""``cafi info``: what is in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cafi.cli import console
from cafi.movie.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cafi.movie.inspection import ChannelInspection, Inspection

Flat = Parameter(name="*")
SHOWN = 12


def info(movie: str, /, *, read: Annotated[ReadOptions | None, Flat] = None, json: bool = False) -> int:
    """Say what is in a file, frame by frame, and whether it can be interpolated.

    Parameters
    ----------
    movie
        A movie, or a folder or pattern of single-frame images.
    json
        Print everything as JSON on standard output.
    """
    from cafi.api.info import info as look

    with console.progress("looking at every plane") as on_progress:
        found = look(movie, read, on_progress=on_progress)
    if json:
        console.print_json(found.as_dict())
        return 0
    console.print_table(("what", "value"), list(_rows(found)), title=movie)
    for sentence in found.assumptions:
        console.warn(sentence)
    return 0


def _rows(found: Inspection) -> Iterator[tuple[str, str]]:
    size = found.size
    packed = f", {found.compression}" if found.compression else ""
    yield "format", found.format + packed
    yield "axes", "  ".join(f"{axis.upper()} {length}" for axis, length in size.items())
    rgb = f", {found.samples} samples (RGB)" if found.samples > 1 else ""
    bits = f", {found.significant_bits} significant bits" if found.significant_bits else ""
    yield "pixels", found.dtype + rgb + bits
    yield "pixel size", _pixel_size(found)
    yield from _times(found)
    if len(found.scenes) > 1:
        yield "scenes", "\n".join(f"{i}: {name}" for i, name in enumerate(found.scenes))
        yield "this scene", str(found.scene)
    for channel in found.channels:
        yield f"channel {channel.name}", _channel(channel)
    if found.made_by_cafi:
        yield "made by cafi", ", ".join(f"{count} {kind}" for kind, count in found.made_by_cafi.items())
    yield "interpolation", found.verdict


def _pixel_size(found: Inspection) -> str:
    unit = found.pixel_size["unit"]
    known = [f"{axis} {found.pixel_size[axis]:.6g} {unit}" for axis in "zyx" if found.pixel_size[axis] is not None]
    return ", ".join(known) or "not stated"


def _times(found: Inspection) -> Iterator[tuple[str, str]]:
    times = found.times
    if times.known_from is None or times.median_interval is None:
        yield "frame interval", "not stated"
        return
    source = "stamped frame by frame" if times.known_from == "planes" else "stated for the whole movie"
    yield "frame interval", f"{times.median_interval:.6g} s ({source})"
    if times.known_from == "planes" and times.jitter_std is not None:
        yield "jitter", f"standard deviation {times.jitter_std:.3g} s, at most {times.jitter_max:.3g} s"
    if times.long_gaps:
        gaps = ", ".join(f"{length:.6g} s after frame {frame}" for frame, length in times.long_gaps[:SHOWN])
        yield "long gaps", gaps + (", ..." if len(times.long_gaps) > SHOWN else "")
    if times.dropped_frames:
        yield "dropped frames", f"about {times.dropped_frames}"


def _channel(channel: ChannelInspection) -> str:
    faults = []
    for fault in ("missing", "blank", "duplicated", "saturated", "nonfinite", "unreadable"):
        places = getattr(channel, fault)
        if places:
            which = ", ".join(_place(place) for place in places[:SHOWN]) + (", ..." if len(places) > SHOWN else "")
            faults.append(f"{len(places)} {fault}: {which}")
    color = f"{channel.color}; " if channel.color else ""
    return color + ("\n".join(faults) or "no blank, duplicated, saturated or missing frames")


def _place(place: tuple[int, int, int]) -> str:
    t, _, z = place
    return f"t{t}" if z == 0 else f"t{t} z{z}"
