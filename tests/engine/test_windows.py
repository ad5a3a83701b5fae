"""The engine hands interpolators the right frames, times and marks."""

import weakref

import numpy as np
import pytest

from cafi.engine.normalisation import Normalisation
from cafi.engine.windows import Passed, Slot, Window, work
from cafi.movie.frames import ACQUIRED, INTERPOLATED, FrameTable
from tests.helpers import array_movie

UNIT = Normalisation(np.zeros(1), np.ones(1))


def table(times, axis="t"):
    """Doubling: one frame in the middle of every gap."""
    times = np.asarray(times, float)
    n = len(times)
    positions = np.sort(np.concatenate([times, (times[1:] + times[:-1]) / 2]))
    kind = np.where(np.arange(2 * n - 1) % 2, INTERPOLATED, ACQUIRED).astype(np.uint8)
    left = np.arange(2 * n - 1) // 2
    return FrameTable(axis, "s", positions, kind, left, np.where(kind, 0.5, 0.0), times)


def ramp(t=5, z=1):
    """Every plane is constant: 10 t + z."""
    values = 10 * np.arange(t)[:, None] + np.arange(z)
    return array_movie(np.broadcast_to(values[:, None, :, None, None], (t, 1, z, 3, 4)).astype(np.uint16))


def items(movie, frames, context=2, done=(), seen=None):
    watch = (lambda place, plane: seen.append(place)) if seen is not None else (lambda place, plane: None)
    return list(work(movie, frames, UNIT, context, set(done).__contains__, watch))


def test_every_slot_is_served_once_in_order():
    slots = [item.slot for item in items(ramp(4, 2), table([0, 1, 2, 3]))]
    assert slots == [Slot(t, z) for z in range(2) for t in range(7)]


def test_acquired_frames_pass_as_they_are():
    passed = [item for item in items(ramp(), table(range(5))) if isinstance(item, Passed)]
    assert [int(p.raw[0, 0, 0]) for p in passed] == [0, 10, 20, 30, 40]
    assert passed[0].raw.dtype == np.uint16


def test_windows_hold_the_frames_around_the_gap():
    windows = [item for item in items(ramp(), table(range(5))) if isinstance(item, Window)]
    values = [[float(f.normalised[0, 0, 0]) for f in w.frames] for w in windows]
    assert values == [[0, 0, 10, 20], [0, 10, 20, 30], [10, 20, 30, 40], [20, 30, 40, 40]]
    assert windows[0].valid == (False, True, True, True)
    assert windows[3].valid == (True, True, True, False)
    assert all(w.valid == (True,) * 4 for w in windows[1:3])


@pytest.mark.parametrize("context", [1, 2])
def test_resampled_frames_are_made_from_the_gap_before_them(context):
    movie = ramp()
    windows = items(movie, table(range(5)).resampled(), context)
    assert all(isinstance(item, Window) for item in windows)
    made = [([int(f.raw[0, 0, 0]) // 10 for f in w.ends], w.t) for w in windows]
    gaps = [([gap, gap + 1], t) for gap in range(4) for t in (0.5, 1)]
    assert made == [([0, 1], 0), *gaps]
    assert [int(w.shown[0].raw[0, 0, 0]) // 10 for w in windows] == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert sorted(movie.source.reads) == [(t, 0, 0) for t in range(5)]


def test_frame_times_are_exact_for_irregular_movies():
    windows = [item for item in items(ramp(4), table([0.0, 2.0, 3.0, 7.0])) if isinstance(item, Window)]
    np.testing.assert_allclose(windows[1].frame_times, [-2, 0, 1, 5])


def test_along_z_frames_come_from_neighbouring_depths():
    windows = [item for item in items(ramp(2, 3), table(range(3), axis="z"), context=1) if isinstance(item, Window)]
    values = [[float(f.normalised[0, 0, 0]) for f in w.frames] for w in windows]
    assert [w.slot for w in windows] == [Slot(0, 1), Slot(0, 3), Slot(1, 1), Slot(1, 3)]
    assert values == [[0, 1], [1, 2], [10, 11], [11, 12]]


@pytest.mark.parametrize("context", [1, 2])
def test_every_plane_is_read_once(context):
    movie, seen = ramp(20), []
    items(movie, table(range(20)), context, seen=seen)
    assert sorted(movie.source.reads) == [(t, 0, 0) for t in range(20)]
    assert seen == movie.source.reads


def most_alive(count):
    """How many acquired frames are in memory at once while a movie of ``count`` is walked through."""
    frames, most = [], 0
    for item in work(ramp(count), table(range(count)), UNIT, 2, lambda slot: False):
        frames += [weakref.ref(frame) for frame in getattr(item, "frames", ())]
        most = max(most, len({id(frame()) for frame in frames if frame() is not None}))
    return most


def test_few_frames_are_in_memory_however_long_the_movie_is():
    assert 4 <= most_alive(15) == most_alive(60) <= 8


def test_done_slots_are_neither_read_nor_served():
    movie = ramp(20)
    left = items(movie, table(range(20)), done=[Slot(t, 0) for t in range(30)])
    assert [item.slot.t for item in left] == list(range(30, 39))
    # Gap 15 takes frames 14 to 17, and gap 14 is compared with its two neighbours before it.
    assert min(t for t, _, _ in movie.source.reads) == 12


def test_holes_are_filled_for_interpolators_and_remembered():
    pixels = np.ones((2, 1, 1, 3, 4), np.float32)
    pixels[0, 0, 0, 1, 2] = np.nan
    pixels[1, 0, 0, 0, 0] = np.inf
    _, window, _ = items(array_movie(pixels), table([0, 1]), context=1)
    assert all(np.isfinite(f.normalised).all() for f in window.frames)
    assert [np.argwhere(f.hole).tolist() for f in window.frames] == [[[0, 1, 2]], [[0, 0, 0]]]
    assert np.isnan(window.frames[0].raw[0, 1, 2])
