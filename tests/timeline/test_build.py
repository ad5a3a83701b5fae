"""The timeline is exact, also for irregular time stamps, and never goes beyond the movie."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from cafi.errors import CafiError
from cafi.timeline.build import build
from cafi.timeline.options import TimelineOptions

gaps = st.lists(st.floats(0.01, 100), min_size=1, max_size=12)


def made(positions, unit="s", **options):
    positions = np.asarray(positions, float)
    return build(positions, len(positions), unit, TimelineOptions(**options))


def check(table, acquired):
    """What holds for every timeline."""
    assert (np.diff(table.positions) > 0).all()
    inside = ~table.acquired
    np.testing.assert_array_equal(table.positions[table.acquired], acquired[table.left[table.acquired]])
    assert ((table.fraction[inside] > 0) & (table.fraction[inside] < 1)).all()
    start, end = acquired[table.left[inside]], acquired[table.left[inside] + 1]
    np.testing.assert_allclose(start + table.fraction[inside] * (end - start), table.positions[inside], rtol=1e-9)


@given(gaps=gaps, factor=st.integers(2, 50))
def test_a_factor_gives_n_minus_one_times_f_plus_one_frames(gaps, factor):
    acquired = np.concatenate([[0.0], np.cumsum(gaps)])
    table, messages = made(acquired, factor=factor, max_gap="none")
    check(table, acquired)
    assert len(table) == (len(acquired) - 1) * factor + 1
    assert messages == ()
    assert table.left_out.size == 0
    np.testing.assert_allclose(np.unique(table.fraction), np.arange(factor) / factor)


@given(gaps=gaps, step=st.floats(0.5, 30))
def test_every_step_stays_within_the_movie_and_near_acquired_frames_takes_them(gaps, step):
    acquired = 5 + np.concatenate([[0.0], np.cumsum(gaps)])
    assume(step <= acquired[-1] - acquired[0])
    table, _ = made(acquired, every=f"{step!r}s", max_gap="none")
    check(table, acquired)
    assert table.positions[-1] <= acquired[-1]
    requested = acquired[0] + step * np.arange(int((acquired[-1] - acquired[0]) / step) + 1)
    distance = np.abs(requested[:, None] - table.positions).min(1)
    assert (distance <= 0.05 * max(gaps) + 1e-9).all()
    assert ((table.fraction[~table.acquired] >= 0.05) & (table.fraction[~table.acquired] <= 0.95)).all()


def test_irregular_stamps_are_exact():
    table, _ = made([0, 1, 3, 4], every="0.5s")
    assert table.positions.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert table.fraction.tolist() == [0, 0.5, 0, 0.25, 0.5, 0.75, 0, 0.5, 0]
    assert table.left.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 3]


def test_a_time_within_five_percent_takes_the_acquired_frame_and_its_true_time():
    table, _ = made([0, 1.04, 2, 3], every="1s")
    assert table.positions.tolist() == [0, 1.04, 2, 3]
    assert table.acquired.all()


def test_frames_left_out_are_counted_and_can_be_kept():
    table, messages = made([0, 1, 2, 3, 4], every="1.5s")
    assert table.positions.tolist() == [0, 1.5, 3]
    assert table.left_out.tolist() == [1, 2, 4]
    assert messages == (
        "3 of 5 acquired frames are not on the timeline and are left out; the frame table lists them,"
        " and --keep-acquired adds them.",
    )
    kept, messages = made([0, 1, 2, 3, 4], every="1.5s", keep_acquired=True)
    assert kept.positions.tolist() == [0, 1, 1.5, 2, 3, 4]
    assert messages == ()


def test_a_long_gap_is_not_filled_unless_allowed():
    table, messages = made([0, 1, 2, 12, 13], factor=2)
    assert table.positions.tolist() == [0, 0.5, 1, 1.5, 2, 12, 12.5, 13]
    assert messages == (
        "1 gap longer than 3 s not filled (after acquired frame 2; the longest is 10 s); --max-gap none fills all.",
    )
    for allowed in ("10s", "none"):
        assert made([0, 1, 2, 12, 13], factor=2, max_gap=allowed)[0].positions.tolist()[4:7] == [2, 7, 12]


@pytest.mark.parametrize(
    ("acquired", "unit", "max_gap"), [([0, 1, 2, 3, 13.0000049], "s", None), ([0, 31, 62], "pixel", "0.5frames")]
)
def test_what_is_advised_fills_all_gaps(acquired, unit, max_gap):
    table, messages = made(acquired, unit, max_gap=max_gap)
    assert table.between.sum() < len(acquired) - 1
    advised = re.search(r"--max-gap (\S+) fills all", messages[0])[1]
    assert made(acquired, unit, max_gap=advised)[0].between.sum() == len(acquired) - 1


def test_explicit_times_are_read_with_units_and_headings(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("time,comment\n0.5,a\n# nothing\n1500 ms,b\n2.0,c\n0.5,again\n")
    table, _ = made([0, 1, 2, 3], times=path)
    assert table.positions.tolist() == [0.5, 1.5, 2.0]
    assert table.acquired.tolist() == [False, False, True]


def test_zero_and_negative_times_may_have_a_unit(tmp_path):
    path = tmp_path / "times.txt"
    path.write_text("0s\n-500 ms\n-1 s\n+0.25 s\n")
    assert made([-1, 0, 1], times=path)[0].positions.tolist() == [-1, -0.5, 0, 0.25]


def test_the_column_of_times_of_a_frame_table_is_read(tmp_path):
    path = tmp_path / "x2.frames.csv"
    path.write_text("index,time_s,kind,source_frame\n0,0.0,acquired,0\n1,0.5,interpolated,\n2,1.0,acquired,1\n")
    assert made([0, 1, 2, 3], times=path)[0].positions.tolist() == [0, 0.5, 1]
    path.write_text("0.5,first,1\n1.25,second,2\n")
    assert made([0, 1, 2, 3], times=path)[0].positions.tolist() == [0.5, 1.25]


@pytest.mark.parametrize("step", ["3.1s", "4frames", "1min"])
def test_a_step_longer_than_the_movie_is_refused(step):
    with pytest.raises(CafiError, match=f"--every {step} is longer than the movie, which spans 3 s; give a shorter"):
        made([0, 1, 2, 3], every=step)
    with pytest.raises(CafiError, match="which spans 1 frames; give"):
        build(None, 2, "frame", TimelineOptions(every="100frame"))
    assert made([0, 1, 2, 3], every="3s")[0].positions.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("3.5\n", r"asks for 3\.5 s, outside the movie \(0 to 3 s\); nothing is extrapolated"),
        ("-0.1\n", r"asks for -0\.1 s, outside"),
        ("0s\n-100 ms\n", r"asks for -0\.1 s, outside"),
        ("0.5\nlater\n", r"^--times .*times\.txt, line 2: 'later' is not a quantity"),
        ("0s\n1m\n", r"^--times .*times\.txt, line 2: '1m' could mean minutes or metres"),
        ("heading\n", "holds no times"),
        ("1nm\n", "does not fit this movie"),
        ("0\n1,5\n", r"line 2 \(1, 5\) holds several numbers; write one time on each line, with a point"),
        ("time\n1,5\n", r"line 2 \(1, 5\) holds several numbers"),
        ("time;comment\n1,5;a\n", r"line 2 \(1, 5, a\) holds several numbers"),
        ("0,1,2\n", r"line 1 \(0, 1, 2\) holds several numbers"),
        ("0;1;2\n", r"line 1 \(0, 1, 2\) holds several numbers"),
        ("0.5 s,1 s\n", r"line 1 \(0.5 s, 1 s\) holds several numbers"),
    ],
)
def test_wrong_times_are_refused(tmp_path, text, sentence):
    path = tmp_path / "times.txt"
    path.write_text(text)
    with pytest.raises(CafiError, match=sentence):
        made([0, 1, 2, 3], times=path)


def test_a_missing_file_of_times_is_refused(tmp_path):
    with pytest.raises(CafiError, match="cannot be read as text"):
        made([0, 1, 2], times=tmp_path / "none.txt")


def test_without_time_stamps_seconds_are_refused_and_frames_work():
    with pytest.raises(CafiError, match=r"needs time stamps, and this movie has none; use --factor"):
        build(None, 4, "frame", TimelineOptions(every="0.5s"))
    table, _ = build(None, 3, "frame", TimelineOptions(every="0.5frame"))
    assert table.unit == "frame"
    assert table.positions.tolist() == [0, 0.5, 1, 1.5, 2]


def test_along_depth_positions_are_lengths():
    table, _ = made([0, 0.3, 0.6], unit="µm", axis="z", every="150nm")
    assert table.axis == "z"
    np.testing.assert_allclose(table.positions, [0, 0.15, 0.3, 0.45, 0.6])
    with pytest.raises(CafiError, match="positions are in µm"):
        made([0, 0.3, 0.6], unit="µm", axis="z", every="1s")


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_frames_are_refused(count):
    with pytest.raises(CafiError, match="at least two are needed"):
        build(None, count, "frame", TimelineOptions())


def test_absurd_wishes_are_refused():
    with pytest.raises(CafiError, match=r"would make 1e\+09 frames"):
        made([0, 1], every="1ns")


def test_two_wishes_exclude_each_other():
    with pytest.raises(ValidationError, match="exclude each other"):
        TimelineOptions(factor=2, every="1s")
