"""Windows -> batches -> interpolator -> frames -> sink, reading ahead and writing behind."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cafi.engine.predicting import Estimate, finished_frame
from cafi.engine.windows import Passed, Slot, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from cafi.engine.normalisation import Normalisation
    from cafi.engine.predicting import Predictor
    from cafi.movie.model import Header

Item = TypeVar("Item")


class FrameSink(Protocol):
    """Where finished frames go: thread-safe, in any order."""

    def write(self, t: int, z: int, planes: NDArray[Any]) -> None:
        """Store the frame at a place of the output."""


def run_pipeline(
    items: Iterator[Passed | Window],
    predictor: Predictor,
    normalisation: Normalisation,
    header: Header,
    sink: FrameSink,
    batch: int,
    on_stored: Callable[[Slot], None],
    on_predicted: Callable[[Window, Estimate], None],
    *,
    lanes: int = 1,
    whole: bool = False,
) -> None:
    """Predict and store everything that ``items`` asks for.

    One thread reads ahead, this one predicts, others encode and write behind; with several lanes, each predicts windows
    of its own, and writes them. At most a few frames wait anywhere, so memory does not grow with the movie.

    Parameters
    ----------
    items : iterator of Passed or Window
    predictor : Predictor
    normalisation : Normalisation
    header : Header
        Of the source movie.
    sink : FrameSink
    batch : int
        Windows that are predicted together; 1 with several lanes.
    on_stored : callable
        Called in a writing thread after a slot was stored.
    on_predicted : callable
        Called in a writing thread with each window and its normalised prediction (of one), before that is stored.
    lanes : int
        How many threads predict, from `cafi.engine.lanes`.
    whole : bool
        Whether that must see the method's scale and motion too.
    """
    writers = lanes if lanes > 1 else max(2, min(8, os.cpu_count() or 2))
    with ThreadPoolExecutor(writers, thread_name_prefix="cafi-write") as pool:
        pending = _Pending(limit=2 * writers)

        def store(slot: Slot, make: Callable[[], NDArray[Any]]) -> None:
            sink.write(slot.t, slot.z, make())
            on_stored(slot)

        def finish(window: Window, estimate: Callable[[], Estimate]) -> NDArray[Any]:
            made = estimate()
            on_predicted(window, made)
            return finished_frame(made.mean[0], window, normalisation, header)

        def store_predictions(windows: list[Window]) -> None:
            estimates = _estimates(predictor, windows, later=lanes > 1, whole=whole)
            for window, estimate in zip(windows, estimates, strict=True):
                pending.add(pool.submit(store, window.slot, partial(finish, window, estimate)))

        try:
            waiting: list[Window] = []
            for item in read_ahead(items, depth=2 * batch):
                if isinstance(item, Passed):
                    pending.add(pool.submit(store, item.slot, partial(_as_it_is, item.raw)))
                    continue
                waiting.append(item)
                if len(waiting) == batch:
                    store_predictions(waiting)
                    waiting = []
            if waiting:
                store_predictions(waiting)
            pending.wait_all()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _estimates(
    predictor: Predictor, windows: list[Window], *, later: bool, whole: bool
) -> list[Callable[[], Estimate]]:
    """Return for each window what gives its prediction: made here, all together, or later by whoever asks."""
    if later:
        return [partial(predictor.estimate, [window], whole=whole) for window in windows]
    made = predictor.estimate(windows, whole=whole)
    return [partial(made.of, i) for i in range(len(windows))]


def _as_it_is(raw: NDArray[Any]) -> NDArray[Any]:
    return raw


class _Pending:
    """Frames on their way to the disk; adding one waits while there are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._futures: deque[Future[None]] = deque()

    def add(self, future: Future[None]) -> None:
        self._futures.append(future)
        while len(self._futures) > self._limit or (self._futures and self._futures[0].done()):
            self._futures.popleft().result()

    def wait_all(self) -> None:
        while self._futures:
            self._futures.popleft().result()


_END = object()


def read_ahead(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """Yield what ``items`` yields, computed by a thread that is at most ``depth`` items ahead."""
    buffer: queue.Queue[Any] = queue.Queue(maxsize=max(depth, 1))
    stop = threading.Event()

    def put(entry: Any) -> None:
        while not stop.is_set():
            try:
                buffer.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return

    def produce() -> None:
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    return
            put((_END, None))
        except BaseException as error:  # handed on to the consuming thread, where it is raised
            put((_END, error))

    thread = threading.Thread(target=produce, name="cafi-read", daemon=True)
    thread.start()
    try:
        while True:
            item, error = buffer.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stop.set()
        thread.join()
