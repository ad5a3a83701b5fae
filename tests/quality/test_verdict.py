"""One verdict, with reasons, from plain numbers."""

from dataclasses import replace

import pytest

from cafi.movie.gap_warnings import Untrusted
from cafi.quality.verdict import judge, warnings_of
from cafi.quality.warnings.gap import GapCheck

FINE = GapCheck(0, 0, 0, 5.0, 0.01, 0.02, 0.4, 0.1, 100.0, 0, 0, 20, 0.0, 0.0, 0.0, 1.0, 3, 4)


def movie(**changed):
    """Ten gaps, of which the last six differ."""
    return [replace(FINE, gap=g, **(changed if g >= 4 else {})) for g in range(10)]


def test_nothing_to_say_is_use():
    assert judge(movie(), "kymo", 10).word == "use"


def test_half_of_the_gaps_bad_is_do_not_use():
    found = judge(movie(appeared=6, vanished=5), "kymo", 10)
    assert found.word == "do not use"
    assert [w.gap for w in found.gaps] == [4, 5, 6, 7, 8, 9]
    assert found.gaps[0].level == "bad"
    assert "in 6 of 10 gaps half or more of what is seen appears or vanishes" in found.sentence()


def test_some_doubt_is_care():
    assert judge(movie(contradicting=0.3), "kymo", 10).word == "use with care"
    assert judge([*movie()[:9], replace(FINE, gap=9, contradicting=0.3)], "kymo", 10).word == "use"


def test_frames_beside_faulty_ones_are_care_and_nearly_all_of_them_do_not_use():
    some = judge(movie(), "kymo", 10, untrusted=Untrusted(1, 10, ("blank",)))
    assert (some.word, some.reasons) == ("use with care", ("1 of 10 predicted frames lie beside blank acquired ones",))
    assert judge(movie(), "kymo", 10, untrusted=Untrusted(8, 10, ("blank",))).word == "use with care"
    assert judge(movie(), "kymo", 10, untrusted=Untrusted(0, 10, ())).word == "use"
    most = judge(movie(clarity=0.1), "kymo", 10, untrusted=Untrusted(9, 10, ("duplicated",)))
    assert (most.word, most.reasons) == (
        "do not use",
        ("9 of 10 predicted frames lie beside repeated acquired ones",),
    )
    assert len(most.gaps) == 6


def test_a_movie_of_cuts_alone_is_not_to_be_used():
    found = judge([], "kymo", 0, broken=9)
    assert (found.word, found.reasons) == ("do not use", ("9 gaps are a cut or a stage jump, not interpolated",))


def test_no_better_than_linear_is_do_not_use():
    assert judge(movie(beyond_linear=1.1), "kymo", 10).word == "do not use"
    assert judge(movie(), "kymo", 10, gain=-0.1).word == "do not use"
    assert judge(movie(), "duplicate", 10).word == "do not use"
    # Where optical flow itself fails, it is no judge.
    assert judge(movie(beyond_linear=1.1, unmatched=0.2), "kymo", 10).word == "use with care"


def test_linear_is_for_what_does_not_move():
    assert judge(movie(), "linear", 10).word == "do not use"
    assert judge([replace(c, unlike=0.1) for c in movie()], "linear", 10).word == "use"


def test_a_flash_is_what_no_other_gap_shows():
    flash = [replace(c, brightness=0.3 if c.gap == 3 else 0.01) for c in movie()]
    assert [(w.gap, w.reasons) for w in warnings_of(flash, "kymo")] == [(3, ("flash",))]
    assert warnings_of([replace(c, brightness=0.3) for c in movie()], "kymo") == []


def test_the_place_of_what_is_implausible_is_told():
    (found,) = warnings_of([*movie()[:9], replace(FINE, gap=9, score=9.0, y=30, x=40)], "kymo")
    assert (found.gap, found.reasons, found.place) == (9, ("implausible",), (30, 40))


def test_predictions_lead_astray_where_they_do_so_more_than_elsewhere():
    seen = [replace(c, cycle=30.0 if c.gap == 3 else 12.0) for c in movie()]
    assert [(w.gap, w.reasons) for w in warnings_of(seen, "kymo")] == [(3, ("astray",))]
    assert warnings_of([replace(c, cycle=30.0) for c in movie()], "kymo") == []
    # Within noise nothing leads astray, and a few gaps do not say what is usual.
    assert warnings_of([replace(c, cycle=c.cycle / 12) for c in seen], "kymo") == []
    assert warnings_of(seen[2:5], "kymo") == []
    assert warnings_of([replace(c, cycle=None) for c in movie()], "kymo") == []


def test_what_is_unlike_the_training_is_doubtful():
    assert warnings_of([replace(c, strangeness=0.9) for c in movie()], "kymo") == []
    (found,) = warnings_of([*movie()[:9], replace(FINE, gap=9, strangeness=1.1)], "kymo")
    assert (found.gap, found.level, found.reasons) == (9, "doubtful", ("strange",))


@pytest.mark.parametrize("plane", [{"channel": 1}, {"z": 1}])
def test_what_is_usual_is_told_for_each_channel_and_depth_apart(plane):
    """A plane in which everything is larger than in the other is no reason to warn; a gap that stands out is."""
    other = [replace(c, **plane, cycle=60.0, score=9.0, brightness=0.2, sharpness=0.5) for c in movie()]
    both = [replace(c, cycle=12.0) for c in movie()] + other
    assert warnings_of(both, "kymo") == []
    both[3] = replace(both[3], cycle=40.0)
    assert [(w.gap, w.reasons) for w in warnings_of(both, "kymo")] == [(3, ("astray",))]
