"""Which frames are held out."""

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.results import Target


def movie(count, **header):
    return array_movie(np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1, 1), "small", **header)


def test_every_third_frame_is_kept_and_those_between_are_targets():
    held_out = hold_out(movie(8), 3)
    assert held_out.kept == (0, 3, 6)
    assert [(t.frame, t.gap) for t in held_out.targets] == [(1, 0), (2, 0), (4, 1), (5, 1)]
    assert [t.t for t in held_out.targets] == pytest.approx([1 / 3, 2 / 3] * 2)


def test_true_times_decide_where_in_its_gap_a_frame_lies():
    held_out = hold_out(movie(5, times=np.array([0.0, 1.0, 4.0, 6.0, 8.0])), 2)
    assert held_out.targets == (Target(1, 0, 0.25), Target(3, 1, 0.5))


def test_gaps_that_interpolation_leaves_open_are_left_out():
    times = np.array([0.0, 1, 2, 3, 4, 9, 14, 15, 16])
    assert hold_out(movie(9, times=times), 2).gaps == (0, 1, 3)


def test_the_methods_see_kept_frames_at_their_times_and_nothing_else():
    whole = movie(7, times=np.arange(7) * 0.5)
    seen = kept_movie(whole, hold_out(whole, 3))
    assert seen.header.size.t == 3
    assert seen.header.times.tolist() == [0.0, 1.5, 3.0]
    assert [int(seen.frame(t, 0)[0, 0, 0]) for t in range(3)] == [0, 3, 6]


@pytest.mark.parametrize(("count", "drop"), [(1, 2), (2, 2), (4, 4)])
def test_a_movie_too_short_is_refused_in_one_sentence(count, drop):
    with pytest.raises(CafiError, match=rf"^small has {count} frames? along time, too few .* takes {drop + 1}\.$"):
        hold_out(movie(count), drop)
