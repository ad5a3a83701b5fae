"""Spots become tracks, and without laptrack one sentence says what to install."""

import sys

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.quality.tracking.linking import greatest_step, link, step_lengths
from cafi.quality.tracking.tracks import filled


def two_that_pass():
    """Spots that move by +3 and -3 px in x, 20 px apart in y."""
    return [np.array([[10.0, 10 + 3 * t], [30.0, 60 - 3 * t]]) for t in range(8)]


def test_spots_are_linked_to_the_tracks_that_they_make():
    spots = [frame[::-1] if t % 2 else frame for t, frame in enumerate(two_that_pass())]
    tracks = link(spots, 5)
    dense = tracks.dense(8)
    assert tracks.count == 2
    np.testing.assert_allclose(dense[np.argsort(dense[:, 0, 0])], np.stack(two_that_pass(), 1))
    np.testing.assert_allclose(step_lengths(tracks), 3)


def test_a_spot_that_is_missed_once_does_not_end_its_track():
    spots = two_that_pass()
    spots[4] = spots[4][:1]
    tracks = link(spots, 5)
    assert tracks.count == 2
    assert (tracks.track.size, np.bincount(tracks.track).tolist()) == (15, [8, 7])


def test_a_step_beyond_the_greatest_is_no_link():
    assert link(two_that_pass(), 2).count == 16


def test_frames_without_spots_make_no_tracks():
    assert link([np.empty((0, 2))] * 4, 5).count == 0


def test_the_greatest_step_follows_speed_and_density():
    assert greatest_step(two_that_pass()) == pytest.approx(4.5)
    crowded = [frame / [10, 1] for frame in two_that_pass()]
    assert greatest_step(crowded) <= 25


def test_tracks_of_half_the_rate_are_filled_straight():
    half = link(two_that_pass()[::2], 10)
    dense = filled(half, np.arange(0, 8, 2), 8).dense(8)
    dense = dense[np.argsort(dense[:, 0, 0])]
    np.testing.assert_allclose(dense[:, :7], np.stack(two_that_pass(), 1)[:, :7])
    assert np.isnan(dense[:, 7]).all()


def test_without_laptrack_one_sentence_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "laptrack", None)
    with pytest.raises(CafiError, match=r"pip install 'cafi\[tracking\]'"):
        link(two_that_pass(), 5)
