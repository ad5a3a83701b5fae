"""Reading ahead: order kept, errors handed on, nothing left running; and few frames wait for a slow disk."""

import threading
import time

import numpy as np
import pytest

from cafi.engine.pipeline import read_ahead, run_pipeline
from cafi.engine.windows import Passed, Slot


def test_order_is_kept():
    assert list(read_ahead(iter(range(100)), depth=3)) == list(range(100))


def test_reading_runs_at_most_depth_ahead():
    taken = []

    def numbers():
        for i in range(50):
            taken.append(i)
            yield i

    ahead = []
    for item in read_ahead(numbers(), depth=2):
        time.sleep(0.002)
        ahead.append(len(taken) - item - 1)
    assert max(ahead) <= 4
    assert max(ahead) >= 1


def test_an_error_of_the_reader_is_raised_where_it_is_consumed():
    def broken():
        yield 1
        raise ZeroDivisionError("planted")

    with pytest.raises(ZeroDivisionError, match="planted"):
        list(read_ahead(broken(), depth=2))


def test_leaving_early_ends_the_reading_thread():
    def endless():
        while True:
            yield 0

    reading = read_ahead(endless(), depth=2)
    next(reading)
    reading.close()
    assert not [t for t in threading.enumerate() if t.name == "cafi-read"]


def test_few_frames_wait_for_a_slow_sink_however_long_the_movie_is():
    read, stored, waiting = [], [], []

    def frames():
        for t in range(60):
            read.append(t)
            yield Passed(Slot(t, 0), np.zeros((1, 2, 2), np.uint8))

    class SlowSink:
        def write(self, t, z, planes):
            waiting.append(len(read) - len(stored))
            time.sleep(0.002)
            stored.append(t)

    run_pipeline(frames(), None, None, None, SlowSink(), 1, lambda slot: None, lambda window, made: None, lanes=2)
    assert sorted(stored) == list(range(60))
    # Two are written, four wait for that, and four are read ahead or handed on.
    assert max(waiting) <= 10
