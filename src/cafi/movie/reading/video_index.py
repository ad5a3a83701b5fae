"""The frames of a video stream: how many, when, and where decoding can begin."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cafi.errors import CafiError
from cafi.movie.reading.guard import guarded

try:
    import av
except ImportError as error:
    raise CafiError('Reading video needs PyAV; install it with pip install "cafi[formats]".') from error

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from av import VideoStream
    from av.container import InputContainer

LIBRARY_ERRORS = (av.error.FFmpegError,)
"""What PyAV raises on damaged input, besides the usual ones."""


def opened(path: Path) -> InputContainer:
    """Open a video file; what it holds may not make other files or addresses be read."""
    return av.open(str(path), metadata_errors="replace", options={"protocol_whitelist": "file"})


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams that are videos and not cover pictures."""
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


@dataclass(frozen=True)
class FrameIndex:
    """The frames of a stream in the order of presentation.

    `stamps` are their presentation times in units of `time_base`, or None where the container
    does not say them; `keys` are the numbers of the frames at which decoding can begin. `duration`
    in seconds is what the header states, where it is that of this stream.
    """

    count: int
    stamps: list[int] | None
    keys: list[int]
    time_base: Fraction | None
    rate: Fraction | None
    duration: float | None = None

    def lacks(self) -> float:
        """Return how many seconds before the stated duration the last frame ends."""
        seconds, interval = self.seconds(), self.interval()
        if seconds is None or interval is None or self.duration is None:
            return 0.0
        return self.duration - (seconds[-1] - seconds[0] + interval)

    def seconds(self) -> list[float] | None:
        """Return the time of every frame."""
        if self.stamps is None or self.time_base is None:
            return None
        return [float(stamp * self.time_base) for stamp in self.stamps]

    def number_of(self, stamp: int | None) -> int | None:
        """Return the number of the frame with a time stamp; None where it is not of this list."""
        if self.stamps is None or stamp is None:
            return None
        at = bisect_left(self.stamps, stamp)
        return at if at < self.count and self.stamps[at] == stamp else None

    def interval(self) -> float | None:
        """Return the seconds between frames at the stated rate."""
        return float(1 / self.rate) if self.rate else None

    def start_for(self, frame: int) -> int:
        """Return the number of the frame at which decoding must begin to show `frame` exactly.

        That is two key frames before the nearest one, unless all are key frames. What is shown
        after a key frame may lean on frames before it: in open groups of pictures until the next
        key frame, where pictures are refreshed piece by piece until the one after.
        """
        if len(self.keys) == self.count:
            return frame
        nearest = bisect_right(self.keys, frame) - 1
        return self.keys[nearest - 2] if nearest >= 2 else 0


def list_frames(path: Path, scene: int) -> FrameIndex:
    """List the frames of a stream, without decoding them where its packets are stamped.

    Parameters
    ----------
    path : Path
    scene : int
        Number of the video stream.

    Raises
    ------
    CafiError
        If there are none, or fewer than the header promises.
    """
    with guarded(path, "its frames cannot be listed", also=LIBRARY_ERRORS), opened(path) as container:
        stream = video_streams(container)[scene]
        promised, time_base, rate = stream.frames, stream.time_base, stream.average_rate
        # AVI stores frames in decoding order and no stamps; those of its packets are guesses.
        guessed = container.format.name == "avi" and stream.codec_context.has_b_frames
        stated = container.duration if len(container.streams) == 1 else None
        duration = None if stated is None else stated / av.time_base
        packets = [
            (packet.pts, packet.is_keyframe, packet.size > 0 and not packet.is_discard)
            for packet in container.demux(stream)
            if packet.size or packet.dts is not None
        ]
    if len(packets) < promised:
        raise CafiError(
            f"{path}: its header promises {promised} frames, but only {len(packets)} are there: the file was cut"
            " off; copy it again, or let `ffmpeg -i IN -c copy OUT` save what there is."
        )
    shown = [(pts, key) for pts, key, visible in packets if visible]
    stamps = sorted(pts for pts, _ in shown if pts is not None)
    keys = sorted(bisect_left(stamps, pts) for pts, key in shown if key and pts is not None)
    if guessed or len(stamps) < len(shown) or not _increasing(stamps):
        decoded = _decoded_stamps(path, scene)
        stamps, keys = [pts for pts in decoded if pts is not None], [0]
        if len(stamps) < len(decoded) or not _increasing(stamps):
            return FrameIndex(len(decoded), None, keys, time_base, rate)
    if not stamps:
        raise CafiError(f"{path}: it holds no frames; choose another file.")
    return FrameIndex(len(stamps), stamps, keys or [0], time_base, rate, duration)


def _increasing(stamps: list[int]) -> bool:
    return all(before < after for before, after in pairwise(stamps))


def _decoded_stamps(path: Path, scene: int) -> list[int | None]:
    """Decode a stream once, keeping no frame, for the time stamp of each."""
    with guarded(path, "its frames cannot be counted", also=LIBRARY_ERRORS), opened(path) as container:
        return [frame.pts for frame in container.decode(video_streams(container)[scene])]
