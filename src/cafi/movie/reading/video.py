"""Video files: AVI, MP4, QuickTime and Matroska, through PyAV.

Frames are numbered by their time stamps, listed once. Any frame can be asked for at any time, and
is the same bit for bit as when all are decoded from the start.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cafi.errors import CafiError
from cafi.movie.model import Channel, Header, Movie, SourceMetadata
from cafi.movie.reading.dimensions import Dimensions, settle
from cafi.movie.reading.guard import DAMAGED, guarded
from cafi.movie.reading.scenes import chosen_scene
from cafi.movie.reading.times import frame_times
from cafi.movie.reading.video_index import LIBRARY_ERRORS, FrameIndex, list_frames, opened, video_streams
from cafi.movie.reading.video_pixels import Layout, layout_of, pixels_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av import VideoFrame, VideoStream
    from av.container import InputContainer
    from numpy.typing import NDArray

    from cafi.movie.options import ReadOptions

_CONVERT = "convert the video to a grey or RGB pixel format"
_CONTAINERS = {"avi": "AVI", "mov": "MP4", "matroska": "Matroska"}


def open_scene(path: Path, options: ReadOptions) -> Movie:
    """Open one video stream of a file.

    Grey pixel formats give planes (Y, X), all others RGB planes (Y, X, S). Deep formats give
    uint16 and state their significant bits.

    Raises
    ------
    CafiError
        If PyAV is not installed, or the file is damaged or no video.
    """
    with guarded(path, "it cannot be opened as a video", also=LIBRARY_ERRORS), opened(path) as container:
        streams = video_streams(container)
        count = len(streams)
        facts = [_container_facts(container, stream) for stream in streams]
    if count == 0:
        raise CafiError(f"{path}: it holds no video; choose another file.")
    names = tuple(str(number) for number in range(count))
    scene = chosen_scene(path, names, options)
    index = list_frames(path, scene)
    source = _VideoPlanes(path, scene, index)
    layout = source.layout
    found = Dimensions("TYXS" if layout.samples > 1 else "TYX", (index.count, *layout.shape))
    dims, assumed = settle(path, found, options.axes)
    timed = dims.size.t == index.count
    times, times_from, time_notes = (
        frame_times(index.count, index.seconds(), index.interval()) if timed else (None, None, ())
    )
    header = Header(
        name=path.stem,
        size=dims.size,
        dtype=layout.dtype,
        samples=layout.samples,
        times=times,
        times_from=times_from,
        channels=(Channel(),) * dims.size.c,
        significant_bits=layout.significant_bits,
        metadata=SourceMetadata(vendor=facts[scene]),
    )
    notes = _assumptions(facts[scene], layout, index)
    return Movie(
        header=header,
        source=source,
        path=path,
        scene=scene,
        scenes=names,
        format=f"{_CONTAINERS.get(facts[scene]['container'].split(',')[0], 'video')} video",
        compression=facts[scene]["codec"],
        assumptions=(*assumed, *time_notes, *notes),
    )


def _container_facts(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    codec = stream.codec_context.codec
    return {
        "container": container.format.name,
        "container_metadata": dict(container.metadata),
        "stream_metadata": dict(stream.metadata),
        "codec": codec.canonical_name,
        "lossy": bool(codec.lossy),
        "pixel_format": stream.codec_context.pix_fmt,
        "frame_rate": None if stream.average_rate is None else str(stream.average_rate),
        "time_base": str(stream.time_base),
    }


def _assumptions(facts: dict[str, Any], layout: Layout, index: FrameIndex) -> Iterator[str]:
    if facts["lossy"]:
        yield (
            f"This is lossy video: its pixels are not measured intensities, but what the {facts['codec']} codec"
            " left of them."
        )
    if index.lacks() > 2 * (index.interval() or 0):
        yield (
            f"Its header states {index.duration:g} s, but its frames end {index.lacks():g} s earlier: it may have been"
            " cut off."
        )
    if layout.converted:
        yield f"Its colours are stored as {layout.converted} and were converted to RGB."
    if index.rate is not None:
        yield (
            f"Its times are those of playback ({float(index.rate):g} frames per second), which need not be those"
            " of the acquisition."
        )


class _VideoPlanes:
    """Frames of a video, decoded one after the other, or from a key frame on."""

    def __init__(self, path: Path, scene: int, index: FrameIndex) -> None:
        self._path = path
        self._scene = scene
        self._index = index
        self._lock = threading.Lock()
        self._container: InputContainer | None = None
        self._decoded: Iterator[VideoFrame] = iter(())
        self._next = index.count
        first = self._decode(0)
        with guarded(path, f"its pixel format {first.format.name} is not supported", _CONVERT):
            self.layout = layout_of(first)
        self._last = (0, self._pixels(0, first))

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        """Return one frame, shape (Y, X) or (Y, X, S)."""
        # Frames lie along one axis; along the other two there is only index 0.
        number = t + c + z
        with self._lock:
            if self._last[0] != number:
                self._last = (number, self._pixels(number, self._decode(number)))
            return self._last[1].copy()

    def is_missing(self, t: int, c: int, z: int) -> bool:  # noqa: ARG002
        """Return False: no container marks missing frames."""
        return False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def _pixels(self, number: int, frame: VideoFrame) -> NDArray[Any]:
        if (frame.height, frame.width) != self.layout.shape[:2]:
            raise CafiError(
                f"{self._path}: frame {number} is {frame.width}x{frame.height} pixels large, the first"
                f" {self.layout.shape[1]}x{self.layout.shape[0]}; cut the video where its size changes."
            )
        with guarded(self._path, f"frame {number} cannot be converted", _CONVERT, also=LIBRARY_ERRORS):
            return pixels_of(frame, self.layout)

    def _decode(self, number: int) -> VideoFrame:
        """Decode up to one frame, from where decoding stands or from the best place before it."""
        start = self._index.start_for(number)
        frame = None
        if start <= self._next <= number or self._search(start):
            frame = self._advance_to(number)
        if frame is None:
            # Some files cannot be searched, or only inexactly: then the beginning always serves.
            self._begin()
            frame = self._advance_to(number)
        if frame is None or frame.is_corrupt:
            self._let_go()
            raise CafiError(f"{self._path}: frame {number} cannot be decoded; {DAMAGED}.")
        return frame

    def _advance_to(self, number: int) -> VideoFrame | None:
        """Decode on until a frame; None if it does not come."""
        while True:
            try:
                with guarded(self._path, f"frame {number} cannot be decoded", also=LIBRARY_ERRORS):
                    frame = next(self._decoded, None)
            except CafiError:
                self._let_go()
                raise
            if frame is None:
                return None
            at = self._next if self._index.stamps is None else self._index.number_of(frame.pts)
            if at is not None:
                self._next = at + 1
                if at >= number:
                    return frame if at == number else None

    def _search(self, start: int) -> bool:
        """Go to a key frame; say whether that was possible."""
        if start == 0 or self._index.stamps is None:
            return False
        container, stream = self._begin()
        try:
            container.seek(self._index.stamps[start], stream=stream)
        except LIBRARY_ERRORS:
            return False
        self._next = start
        return True

    def _begin(self) -> tuple[InputContainer, VideoStream]:
        """Open the file and stand before its first frame."""
        self._let_go()
        with guarded(self._path, "it cannot be opened as a video", also=LIBRARY_ERRORS):
            self._container = container = opened(self._path)
            stream = video_streams(container)[self._scene]
            self._decoded = container.decode(stream)
        self._next = 0
        return container, stream

    def _let_go(self) -> None:
        self._decoded = iter(())
        self._next = self._index.count
        if self._container is not None:
            self._container.close()
            self._container = None
