"""The five measures against values worked out by hand from the definitions of Chenouard et al. 2014 (gate 5 px)."""

import math

import numpy as np
import pytest

from cafi.quality.tracking.measures import alpha_by_frame, compare
from cafi.quality.tracking.tracks import from_dense

FRAMES = 4
GONE = [math.nan, math.nan]


def tracks(*rows):
    """Tracks from lists of x (None: no point), all at y = 0."""
    table = [[GONE if x is None else [0.0, float(x)] for x in row] for row in rows]
    return from_dense(np.array(table, float).reshape(-1, FRAMES, 2))


def measures(truth, found):
    m = compare(truth, found, FRAMES)
    return m.alpha, m.beta, m.detection_jaccard, m.track_jaccard, m.rmse


STILL = [10, 10, 10, 10]
FAR = [50, 50, 50, 50]


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        # Identical: no distance at all.
        (tracks(STILL, FAR), tracks(FAR, STILL), (1, 1, 1, 1, 0)),
        # 1 px away in every frame: 4 of the 20 that nothing would cost.
        (tracks(STILL), tracks([11, 11, 11, 11]), (0.8, 0.8, 1, 1, 1)),
        # One point found of four (0), three missed (15).
        (tracks(STILL), tracks([10, None, None, None]), (0.25, 0.25, 0.25, 1, 0)),
        # A spurious track of two points costs beta 10 more in its denominator, and two false points.
        (tracks(STILL), tracks(STILL, [80, 80, None, None]), (1, 20 / 30, 4 / 6, 0.5, 0)),
        # One true track of two is found.
        (tracks(STILL, FAR), tracks(STILL), (0.5, 0.5, 0.5, 0.5, 0)),
        # Distances 3 and 4 match, 6 and 5 do not (gated to 5): 17 of 20; two missed and two false points.
        (tracks(STILL), tracks([13, 14, 16, 15]), (0.15, 0.15, 2 / 6, 1, math.sqrt(12.5))),
        # Cut in two halves: one half is the partner, the other is spurious.
        (tracks(STILL), tracks([10, 10, None, None], [None, None, 10, 10]), (0.5, 10 / 30, 2 / 6, 0.5, 0)),
        # Identities swapped after two frames: each true track keeps two points and has two false ones.
        (tracks(STILL, FAR), tracks([10, 10, 50, 50], [50, 50, 10, 10]), (0.5, 0.5, 4 / 12, 1, 0)),
        # One point beyond the true track costs 5 of 10.
        (tracks([10, 10, None, None]), tracks([10, 10, 10, None]), (0.5, 0.5, 2 / 3, 1, 0)),
    ],
)
def test_measures_of_hand_cases(truth, found, expected):
    assert measures(truth, found) == pytest.approx(expected, nan_ok=True)


def test_a_partner_that_costs_as_much_as_none_is_one_if_it_shares_a_point():
    # Two true points, of which one is found, and one found too many: 5 + 5 of 10.
    m = compare(tracks([50, 50, None, None]), tracks([None, 50, 50, None]), FRAMES)
    assert (m.alpha, m.beta, m.track_jaccard, m.rmse) == (0, 0, 1, 0)
    assert m.detection_jaccard == pytest.approx(1 / 3)


def test_a_track_out_of_the_gate_is_no_partner():
    m = compare(tracks(STILL), tracks(FAR), FRAMES)
    assert (m.alpha, m.beta, m.detection_jaccard, m.track_jaccard) == (0, 0, 0, 0)
    assert math.isnan(m.rmse)


def test_nothing_found_and_nothing_true():
    nothing = tracks()
    missed = compare(tracks(STILL), nothing, FRAMES)
    assert (missed.alpha, missed.beta, missed.detection_jaccard, missed.track_jaccard) == (0, 0, 0, 0)
    invented = compare(nothing, tracks(STILL), FRAMES)
    assert math.isnan(invented.alpha)
    assert (invented.beta, invented.detection_jaccard, invented.track_jaccard) == (0, 0, 0)
    assert math.isnan(compare(nothing, nothing, FRAMES).detection_jaccard)


def test_pairing_is_best_for_the_sum_and_not_greedy():
    # Greedy would take the pair at distance 1 and be left with one at 5 or more; the best sum is 2 + 2.
    truth, found = tracks([10] * 4, [13] * 4), tracks([12] * 4, [15] * 4)
    assert compare(truth, found, FRAMES).rmse == pytest.approx(2)
    assert compare(truth, found, FRAMES).alpha == pytest.approx(1 - 16 / 40)


def test_the_gate_is_what_it_is_set_to():
    assert compare(tracks(STILL), tracks([17] * 4), FRAMES, gate=10).alpha == pytest.approx(0.3)


def test_alpha_by_frame_adds_up_to_alpha():
    truth, found = tracks(STILL, [50, 50, None, None]), tracks([11, 10, 40, None], [None, 50, 50, None])
    by_frame = alpha_by_frame(truth, found, FRAMES)
    # Frame 0: 1 + 5 of 10; frame 1: 0 of 10; frame 2: 5 and 5 too many of 5; frame 3: 5 of 5.
    np.testing.assert_allclose(by_frame, [0.4, 1, -1, 0])
    points = np.array([2, 2, 1, 1])
    assert (by_frame * points).sum() / points.sum() == pytest.approx(compare(truth, found, FRAMES).alpha)
