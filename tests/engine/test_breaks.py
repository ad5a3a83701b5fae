"""Cuts and stage jumps are found, real motion is not taken for one, and nothing is blended across."""

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from cafi.engine.breaks import Break, Breaks, broken_gaps, from_dict, judge, sentences
from cafi.engine.likeness import BLANK, Likeness, small_copy
from cafi.engine.normalisation import Normalisation
from cafi.engine.windows import Passed, Window, work
from cafi.movie.frames import ACQUIRED, INTERPOLATED, FrameTable
from tests.helpers import array_movie

UNIT = Normalisation(np.zeros(1), np.ones(1))
GOOD = Likeness(0.9, 0.9, 0.4)


def scene(seed=0, side=300):
    blurred = gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), 4)
    return (blurred / blurred.std() / 6 + 0.5).astype(np.float32)


def still_movie(frames, seed=0, corner=(60, 60), side=160):
    """A scene that stands still, with camera noise of its own in each frame."""
    y, x = corner
    noise = 0.03 * np.random.default_rng(seed + 99).standard_normal((frames, side, side))
    return (scene(seed)[y : y + side, x : x + side] + noise).astype(np.float32)


def found(frames):
    """The breaks of a movie (T, Y, X) or (T, C, Y, X)."""
    frames = frames[:, None] if frames.ndim == 3 else frames
    breaks = Breaks(len(frames) - 1, lambda index: small_copy(frames[index]))
    return [one for gap in range(len(frames) - 1) if (one := breaks.at(gap)) is not None]


def real(path):
    """A real movie (T, C, Y, X) with intensities from 0 to about 1."""
    pixels = tifffile.imread(path).astype(np.float32)
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels
    low, high = np.percentile(pixels, (0.1, 99.9), axis=(0, 2, 3), keepdims=True)
    return ((pixels - low) / (high - low)).astype(np.float32)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_no_gap_of_a_real_movie_is_a_break(shared, stride):
    paths = sorted((shared / "movies").glob("*.tif"))
    assert len(paths) == 12
    alarms = {}
    for path in paths:
        movie = real(path)
        for start in range(stride):
            for one in found(movie[start::stride]):
                alarms[path.stem, start] = one
        # Two frames alone, without neighbours to compare with.
        for start in range(len(movie) - stride):
            assert not found(movie[[start, start + stride]]), (path.stem, start)
    assert alarms == {}


def test_breaks_in_real_movies_are_found(shared):
    golgi, cancer = (real(shared / "movies" / f"{name}.tif") for name in ("golgi_confocal", "cancer_migration"))
    nuclei = real(shared / "movies" / "nuclei_widefield.tif")
    joined = np.concatenate([golgi[:6, :, :130, :130], cancer[:6]])
    assert found(joined) == [Break(5, "cut")]
    flipped = np.concatenate([cancer[:5], cancer[20:, :, ::-1]])
    assert found(flipped) == [Break(4, "cut")]
    blank = cancer[:9].copy()
    blank[4] = 0.2
    assert found(blank) == [Break(3, "cut"), Break(4, "cut")]
    moved = np.concatenate([nuclei[:5, :, 60:260, 20:220], nuclei[5:, :, 30:230, 70:270]])
    (jump,) = found(moved)
    assert (jump.gap, jump.kind) == (4, "jump")
    assert jump.shift == pytest.approx((30, -50), abs=4)


@pytest.mark.parametrize(("dy", "dx"), [(16, 0), (0, -40), (-55, 60)])
@pytest.mark.parametrize("gap", [0, 3, 6])
def test_a_stage_jump_is_named_with_its_shift(gap, dy, dx):
    frames = np.concatenate([still_movie(gap + 1), still_movie(7 - gap, corner=(60 - dy, 60 - dx))])
    (jump,) = found(frames)
    assert (jump.gap, jump.kind) == (gap, "jump")
    assert jump.shift == pytest.approx((dy, dx), abs=2)


def test_steady_fast_motion_is_no_jump():
    wide = scene(side=500)
    frames = np.stack([wide[100:228, 20 * t : 20 * t + 128] for t in range(8)])
    assert found(frames) == []


def test_all_channels_decide_together():
    one = np.stack([still_movie(8, 1), np.full((8, 160, 160), 0.5, np.float32)], axis=1)
    one[4, 1] = 0.0
    assert found(one) == []
    one[4] = 0.0
    assert [b.gap for b in found(one)] == [3, 4]


def test_pure_noise_is_no_cut():
    assert found(np.random.default_rng(0).random((8, 96, 96), dtype=np.float32)) == []
    assert found(np.random.default_rng(0).random((2, 96, 96), dtype=np.float32)) == []


def test_what_is_switched_on_is_no_cut():
    frames = 0.03 * np.random.default_rng(0).standard_normal((8, 160, 160)).astype(np.float32)
    frames[4:] += scene()[:160, :160]
    assert found(frames) == []


def test_the_neighbours_decide_what_is_far_less():
    unlike = Likeness(0.15, 0.2, 0.19)
    assert judge(3, unlike, [GOOD] * 2, [GOOD] * 2) == Break(3, "cut")
    assert judge(3, unlike, [GOOD] * 2, [unlike, GOOD]) == Break(3, "cut")
    assert judge(3, unlike, [GOOD] * 2, [unlike] * 2) is None
    assert judge(3, unlike, [Likeness(0.1, 0.8, 0.3, (50, 0), 0.4)] * 2, [GOOD] * 2) is None
    assert judge(0, unlike, [], []) is None
    assert judge(0, BLANK, [], []) == Break(0, "cut")


def test_a_jump_is_large_compared_with_the_motion_around_it():
    own = Likeness(0.2, 0.9, 0.3, (30.0, 0.0), 0.2)
    drifting = Likeness(0.9, 0.9, 0.3, (15.0, 0.0), 0.1)
    assert judge(3, own, [GOOD] * 2, [GOOD] * 2) == Break(3, "jump", (30.0, 0.0))
    assert judge(3, own, [drifting] * 2, [GOOD] * 2) is None


def test_two_frames_alone_need_an_unmistakable_peak():
    shifted = {"still": 0.1, "best": 0.9, "shift": (40.0, 0.0), "travel": 0.3}
    assert judge(0, Likeness(rival=0.3, **shifted), [], []) == Break(0, "jump", (40.0, 0.0))
    assert judge(0, Likeness(rival=0.8, **shifted), [], []) is None
    assert judge(0, Likeness(0.05, 0.05, 0.05), [], []) == Break(0, "cut")
    assert judge(0, Likeness(0.05, 0.05, 0.05, telling=False), [], []) is None


def doubling(count, factor=4):
    index = np.arange((count - 1) * factor + 1)
    kind = np.where(index % factor, INTERPOLATED, ACQUIRED).astype(np.uint8)
    times = np.arange(count, dtype=float)
    return FrameTable("t", "s", index / factor, kind, index // factor, index % factor / factor, times)


def broken(depths=1):
    """Ten frames, cut after the fifth; only the middle plane of a stack shows anything."""
    frames = np.concatenate([still_movie(5), still_movie(5, seed=3)])
    pixels = np.zeros((10, 1, depths, 160, 160), np.float32)
    pixels[:, 0, depths // 2] = frames
    pixels[:, 0, 0, 0, 0] = np.arange(10)
    return array_movie(pixels)


def items(movie, context=2, done=(), told=None):
    tell = None if told is None else told.append
    return list(work(movie, doubling(10), UNIT, context, set(done).__contains__, lambda *_: None, tell))


@pytest.mark.parametrize("depths", [1, 3])
def test_frames_in_a_cut_are_copies_of_the_nearest(depths):
    told = []
    served = items(broken(depths), told=told)
    assert told == [Break(4, "cut")]
    inside = [item for item in served if 16 < item.slot.t < 20]
    assert len(inside) == 3 * depths
    assert all(isinstance(item, Passed) for item in inside)
    first_plane = [float(item.raw[0, 0, 0]) for item in inside if item.slot.z == 0]
    assert first_plane == [4, 4, 5]
    assert sum(isinstance(item, Window) for item in served) == 8 * 3 * depths


def blank_in(frame, value=0.0):
    movie = array_movie(still_movie(10)[:, None, None])
    movie.source.pixels[frame] = value
    return movie


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_no_copy_of_a_blank_frame_stands_in_the_gaps_beside_it(value):
    movie = blank_in(4, value)
    served = items(movie)
    inside = [item for item in served if item.slot.t in (13, 14, 15, 17, 18, 19)]
    expected = [movie.frame(t, 0) for t in (3, 3, 3, 5, 5, 5)]
    assert [np.array_equal(item.raw, copy) for item, copy in zip(inside, expected, strict=True)] == [True] * 6


def test_no_resampled_frame_in_the_gaps_beside_a_blank_one_is_made_from_it():
    movie = blank_in(4)
    windows = list(work(movie, doubling(10).resampled(), UNIT, 1, lambda _: False, lambda *_: None))
    shown = [windows[t].shown[0].raw for t in (14, 15, 16, 17, 18)]
    expected = [movie.frame(t, 0) for t in (3, 3, 4, 5, 5)]
    assert [np.array_equal(raw, frame) for raw, frame in zip(shown, expected, strict=True)] == [True] * 5


def test_no_window_reaches_across_a_cut():
    windows = {item.slot.t: item for item in items(broken()) if isinstance(item, Window)}
    values = {t: [float(f.raw[0, 0, 0]) for f in window.frames] for t, window in windows.items()}
    assert (values[13], windows[13].valid) == ([2, 3, 4, 4], (True, True, True, False))
    assert (values[21], windows[21].valid) == ([5, 5, 6, 7], (False, True, True, True))
    assert values[5] == [0, 1, 2, 3]


def test_resampled_frames_see_one_side_of_a_cut_alone():
    windows = list(work(broken(), doubling(10).resampled(), UNIT, 2, lambda _: False, lambda *_: None))
    values = [[float(f.raw[0, 0, 0]) for f in window.frames] for window in windows]
    assert all(max(seen) <= 4 or min(seen) >= 5 for seen in values)
    # Inside the cut: the end frame of each side, made anew from the gap beyond it.
    assert [(values[i], windows[i].t) for i in (17, 18, 19)] == [
        ([2, 3, 4, 4], 1),
        ([2, 3, 4, 4], 1),
        ([5, 5, 6, 7], 0),
    ]


def test_a_frame_between_two_breaks_is_seen_alone():
    frames = np.concatenate([still_movie(4), still_movie(1, seed=3), still_movie(4, seed=4), still_movie(1, seed=5)])
    movie = array_movie(frames[:, None, None])
    windows = list(work(movie, doubling(10).resampled(), UNIT, 1, lambda _: False, lambda *_: None))
    alone = windows[16]
    assert all(np.array_equal(f.raw, movie.frame(4, 0)) for f in alone.frames)
    assert np.array_equal(alone.shown[0].raw, movie.frame(4, 0))


def test_what_is_found_does_not_depend_on_where_a_run_resumes():
    whole = [(item.slot, type(item)) for item in items(broken())]
    for start in (15, 17, 18, 19, 22):
        told = []
        rest = items(broken(), done=[slot for slot, _ in whole[:start]], told=told)
        assert [(item.slot, type(item)) for item in rest] == whole[start:]
        assert told == [Break(4, "cut")]


def test_frames_are_read_once_and_few_are_kept():
    movie = broken()
    items(movie)
    assert movie.source.reads == [(t, 0, 0) for t in range(10)]


def test_along_depth_nothing_is_looked_for():
    movie = broken()
    along_z = array_movie(np.moveaxis(movie.source.pixels, 0, 2))
    table = FrameTable(**(vars(doubling(10)) | {"axis": "z"}))
    served = work(along_z, table, UNIT, 1, lambda _: False, lambda *_: None)
    assert sum(isinstance(item, Window) for item in served) == 27


def test_sentences_and_records():
    breaks = [Break(4, "cut"), Break(6, "jump", (30.2, -12.0))]
    cut, jump = sentences(breaks, doubling(10))
    assert cut.startswith("The movie is cut between acquired frames 4 and 5: the 3 predicted frames there are copies")
    assert "stage jumped between acquired frames 6 and 7 (by 30 px in y and -12 px in x)" in jump
    assert sentences(breaks, doubling(10).with_gaps([1])) == ()
    assert (broken_gaps(breaks, doubling(10)), broken_gaps(breaks, doubling(10).with_gaps([4]))) == (2, 1)
    assert from_dict({"gap": 6, "kind": "jump", "shift": [30.2, -12.0]}) == breaks[1]


def test_many_cuts_are_one_sentence():
    (told,) = sentences([Break(gap, "cut") for gap in (0, 1, 2, 5)], doubling(10))
    assert told.startswith(
        "The movie is cut in 4 gaps (after acquired frames 0-2 and 5): the 12 predicted frames there"
    )
