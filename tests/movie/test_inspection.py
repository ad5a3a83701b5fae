import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.errors import CafiError
from cafi.movie.frames import FrameTable
from cafi.movie.gap_warnings import Untrusted, listed, untrusted
from cafi.movie.inspection import PlaneReport, gap_warnings, inspect, largest_value, report_plane
from cafi.movie.model import Channel, Header, Movie, PixelSize, Size
from tests.helpers import ArraySource, array_movie


def noise(shape, dtype, seed=0):
    """Pixels that are neither blank nor saturated."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, shape).astype(dtype)


def places(found):
    return [tuple(place) for place in found]


@settings(max_examples=40, deadline=None)
@given(
    dtype=st.sampled_from(["uint8", "uint16", "int16", "uint32", "float16", "float32", "float64"]),
    size=st.tuples(st.integers(2, 6), st.integers(1, 2), st.integers(1, 3)),
    data=st.data(),
)
def test_planted_faults_are_found_and_no_others(dtype, size, data):
    pixels = noise((*size, 9, 7), dtype)
    every = [(t, c, z) for t in range(size[0]) for c in range(size[1]) for z in range(size[2])]
    # Every second frame only, so that each duplicate has a sound frame before it.
    plan = {p: data.draw(st.sampled_from(["", "blank", "duplicated", "nonfinite"])) for p in every if p[0] % 2}
    for (t, c, z), fault in plan.items():
        if fault == "blank":
            pixels[t, c, z] = 5
        elif fault == "duplicated":
            pixels[t, c, z] = pixels[t - 1, c, z]
        elif fault == "nonfinite" and np.dtype(dtype).kind == "f":
            pixels[t, c, z, 3, 2] = np.nan
            pixels[t, c, z, 0, 0] = np.inf
    found = inspect(array_movie(pixels)).channels
    for c, channel in enumerate(found):
        expected = {fault: [p for p in every if p[1] == c and plan.get(p) == fault] for fault in set(plan.values())}
        assert places(channel.blank) == expected.get("blank", [])
        assert places(channel.duplicated) == expected.get("duplicated", [])
        if np.dtype(dtype).kind == "f":
            assert places(channel.nonfinite) == expected.get("nonfinite", [])
            assert channel.nonfinite_pixels == 2 * len(channel.nonfinite)
        assert channel.saturated == channel.missing == channel.unreadable == ()


@pytest.mark.parametrize(
    ("dtype", "bits", "largest"),
    [("uint8", None, 255), ("uint16", None, 65535), ("uint16", 12, 4095), ("int16", None, 32767), ("int16", 16, 32767)],
)
def test_saturated_means_more_than_one_percent_at_the_largest_value(dtype, bits, largest):
    pixels = noise((3, 1, 1, 20, 50), dtype)
    pixels[0, 0, 0].flat[:10] = largest
    pixels[1, 0, 0].flat[:11] = largest
    pixels[2, 0, 0].flat[:500] = largest - 1
    (channel,) = inspect(array_movie(pixels, significant_bits=bits)).channels
    assert places(channel.saturated) == [(1, 0, 0)]
    assert channel.largest_saturated_fraction == pytest.approx(0.011)


def test_values_above_the_significant_bits_count_as_saturated():
    header = Header("", Size(1, 1, 1, 2, 2), np.dtype("uint16"), significant_bits=10)
    assert largest_value(header) == 1023
    assert report_plane(np.array([[0, 1], [1023, 5000]], "uint16"), 1023).saturated_fraction == 0.5


def test_floats_have_no_largest_value():
    assert largest_value(Header("", Size(1, 1, 1, 2, 2), np.dtype("float32"))) is None
    assert report_plane(np.full((4, 4), np.float32(1)), None).saturated_fraction == 0


def test_rgb_pixel_with_one_full_sample_counts_once():
    pixels = noise((1, 1, 1, 10, 10, 3), "uint8")
    pixels[0, 0, 0, 0, :4, 1] = 255
    (channel,) = inspect(array_movie(pixels)).channels
    assert channel.largest_saturated_fraction == pytest.approx(0.04)


def test_plane_without_a_finite_value_is_blank():
    report = report_plane(np.full((3, 5), np.nan, "float32"), None)
    assert report.blank
    assert report.nonfinite == 15


def test_same_bits_give_the_same_digest_whatever_the_memory_layout():
    plane = noise((8, 6), "uint16")
    assert report_plane(plane.T, None).digest == report_plane(np.ascontiguousarray(plane.T), None).digest
    assert report_plane(plane, None).digest != report_plane(plane + np.uint16(1), None).digest


def test_duplicates_are_sought_at_the_same_channel_and_depth_only():
    pixels = noise((3, 2, 2, 5, 5), "uint8")
    pixels[1, 0, 0] = pixels[0, 1, 0]  # another channel
    pixels[1, 0, 1] = pixels[0, 0, 0]  # another depth
    pixels[2, 1, 1] = pixels[0, 1, 1]  # not the frame before
    found = inspect(array_movie(pixels))
    assert [channel.duplicated for channel in found.channels] == [(), ()]


def test_depth_is_followed_where_there_is_no_time():
    pixels = noise((1, 1, 4, 5, 5), "uint8")
    pixels[0, 0, 2] = pixels[0, 0, 1]
    (channel,) = inspect(array_movie(pixels)).channels
    assert places(channel.duplicated) == [(0, 0, 2)]


class FaultySource(ArraySource):
    def read(self, t, c, z):
        if t == 2:
            raise CafiError("frame 2 cannot be read")
        return super().read(t, c, z)

    def is_missing(self, t, c, z):
        return t == 4


def test_missing_and_unreadable_planes_are_told_apart():
    pixels = noise((6, 1, 1, 5, 5), "uint16")
    pixels[4] = 0
    movie = Movie(array_movie(pixels).header, FaultySource(pixels))
    (channel,) = inspect(movie).channels
    assert places(channel.unreadable) == [(2, 0, 0)]
    assert places(channel.missing) == [(4, 0, 0)]
    assert channel.blank == ()


def test_a_movie_with_an_unreadable_plane_cannot_be_interpolated():
    found = inspect(Movie(array_movie(pixels := noise((6, 1, 1, 5, 5), "uint16")).header, FaultySource(pixels)))
    assert found.can_interpolate == {"t": False, "z": False}
    assert found.verdict.startswith("It cannot be interpolated, as 1 plane cannot be read: it seems damaged")


@pytest.mark.parametrize("value", [7, np.nan])
def test_a_movie_without_anything_in_it_is_said_to_be_so(value):
    pixels = np.full((4, 2, 2, 5, 5), value, "float32")
    assert inspect(array_movie(pixels)).verdict.endswith("every frame is blank, so there is nothing in it to predict.")
    pixels[0, 1, 0, 0, 0] = 1
    assert "nothing in it" not in inspect(array_movie(pixels)).verdict


def test_sample_reads_only_chosen_frames_and_the_ones_before_them():
    pixels = noise((100, 1, 1, 5, 5), "uint8")
    pixels[50] = pixels[49]
    movie = array_movie(pixels)
    seen = []
    found = inspect(movie, sample=3, progress=lambda done, total: seen.append((done, total)))
    assert [t for t, _, _ in movie.source.reads] == [0, 49, 50, 98, 99]
    assert found.inspected_frames == 3
    assert places(found.channels[0].duplicated) == [(50, 0, 0)]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_whole_movie_is_read_once():
    movie = array_movie(noise((5, 2, 3, 4, 4), "uint8"))
    assert inspect(movie, sample=10).inspected_frames == 5
    assert sorted(movie.source.reads) == [(t, c, z) for t in range(5) for c in range(2) for z in range(3)]


class Synthetic:
    """Planes that exist only when asked for."""

    def read(self, t, c, z):
        return np.arange(t, t + 128 * 128, dtype="uint16").reshape(128, 128)

    def is_missing(self, t, c, z):
        return False

    def close(self):
        return


def test_memory_does_not_grow_with_length():
    def peak(frames):
        movie = Movie(Header("", Size(frames, 1, 1, 128, 128), np.dtype("uint16")), Synthetic())
        tracemalloc.start()
        inspect(movie, sample=frames)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    for _ in range(2):  # what Python keeps for itself, it takes in the first runs
        peak(1000)
    # One plane takes 32 kB, and the report on one some hundreds of bytes.
    assert peak(1000) - peak(100) < 20_000


def test_regular_times_have_no_jitter():
    times = inspect(array_movie(noise((5, 1, 1, 4, 4), "uint8"), times=np.arange(5) * 0.5, times_from="planes")).times
    assert (times.known_from, times.first, times.last) == ("planes", 0.0, 2.0)
    assert (times.median_interval, times.jitter_std, times.jitter_max) == (0.5, 0.0, 0.0)
    assert (times.long_gaps, times.dropped_frames) == ((), 0)


def test_rounding_of_regular_times_is_no_jitter():
    stamps = np.arange(1000) * 0.04 + 12345.6
    times = inspect(array_movie(noise((1000, 1, 1, 2, 2), "uint8"), times=stamps, times_from="planes"), sample=1).times
    assert np.diff(stamps).std() > 0
    assert (times.jitter_std, times.jitter_max) == (0.0, 0.0)


def test_irregular_times_are_measured():
    stamps = np.array([0.0, 1.0, 2.0, 3.0, 4.02, 8.02, 9.0, 11.0])
    times = inspect(array_movie(noise((8, 1, 1, 4, 4), "uint8"), times=stamps, times_from="planes")).times
    intervals = [1, 1, 1, 1.02, 4, 0.98, 2]
    assert times.median_interval == 1.0
    assert times.jitter_std == pytest.approx(np.std(intervals))
    assert times.jitter_max == pytest.approx(3.0)
    assert times.long_gaps == ((4, pytest.approx(4.0)),)
    assert times.dropped_frames == 3 + 1


def test_frames_are_not_called_dropped_where_no_rate_was_kept():
    stamps = np.cumsum([0, 1, 1, 5, 5, 60, 60])
    times = inspect(array_movie(noise((7, 1, 1, 4, 4), "uint8"), times=stamps.astype(float))).times
    assert times.dropped_frames == 0
    assert [gap for gap, _ in times.long_gaps] == [4, 5]


@pytest.mark.parametrize(
    ("shape", "can", "words"),
    [
        ((2, 1, 1), {"t": True, "z": False}, "along time (2 frames); it says no times"),
        ((1, 1, 3), {"t": False, "z": True}, "along depth (3 slices)."),
        ((4, 1, 3), {"t": True, "z": True}, "along time (4 frames) and depth (3 slices)"),
        ((1, 2, 1), {"t": False, "z": False}, "cannot be interpolated, as it is a single frame"),
    ],
)
def test_verdict_says_whether_there_is_a_gap_to_fill(shape, can, words):
    found = inspect(array_movie(noise((*shape, 4, 4), "uint8")))
    assert found.can_interpolate == can
    assert words in found.verdict


def test_dictionary_survives_json():
    pixels = noise((3, 1, 1, 4, 4), "uint16")
    pixels[1] = 0
    movie = array_movie(
        pixels,
        times=np.array([0.0, 1.0, 9.0]),
        times_from="planes",
        channels=(Channel("GFP", "#00ff00"),),
        pixel_size=PixelSize(None, 0.3, 0.3),
        significant_bits=12,
    )
    described = json.loads(json.dumps(inspect(movie).as_dict(), allow_nan=False))
    assert described["size"] == {"t": 3, "c": 1, "z": 1, "y": 4, "x": 4}
    assert described["dtype"] == "uint16"
    assert described["pixel_size"] == {"z": None, "y": 0.3, "x": 0.3, "unit": "µm"}
    assert described["channels"][0]["name"] == "GFP"
    assert described["channels"][0]["color"] == "#00ff00"
    assert described["channels"][0]["blank"] == [{"t": 1, "c": 0, "z": 0}]
    assert described["times"]["median_interval"] == 4.5


def table(source, factor=2, axis="t"):
    """The frame table of a movie of `source` frames, each gap filled with factor - 1 frames."""
    count = (source - 1) * factor + 1
    left, step = np.divmod(np.arange(count), factor)
    kind = (step > 0).astype("uint8")
    positions = np.arange(count) / factor
    return FrameTable(axis, "frame", positions, kind, left.astype("int64"), step / factor, np.arange(source) * 1.0)


def report(digest, **kwargs):
    return PlaneReport(**({"blank": False, "saturated_fraction": 0.0, "nonfinite": 0, "digest": str(digest)} | kwargs))


def test_gaps_beside_blank_frames_are_counted_once():
    reports = {(t, 0, 0): report(t, blank=t in (3, 7, 8, 12)) for t in range(13)}
    assert gap_warnings(reports, table(13), ["GFP"]) == (
        "Frames 3, 7, 8 and 12 of channel GFP are blank: 6 predicted frames beside them are not to be trusted.",
    )


def test_every_fault_has_its_own_sentence():
    reports = {
        (0, 0, 0): report(0),
        (1, 0, 0): report(0),
        (2, 0, 0): report(2, saturated_fraction=0.125),
        (3, 0, 0): report(3, nonfinite=2),
        (4, 0, 0): report(4, missing=True, blank=True),
        (0, 1, 0): report("a"),
        (1, 1, 0): report("b", blank=True),
    }
    assert gap_warnings(reports, table(6, factor=4), [None, "DIC"]) == (
        "Frame 4 of channel 0 is missing in the file: 6 predicted frames beside it are not to be trusted.",
        "Frame 1 of channel 0 is a copy of the frame before it: 6 predicted frames beside it are not to be trusted.",
        "Frame 2 of channel 0 is saturated (up to 12 % of the pixels have the largest possible value):"
        " there intensities are too low, in 6 predicted frames beside it too.",
        "Frame 3 of channel 0 has NaN or infinite pixels: such pixels are NaN in 6 predicted frames beside it.",
        "Frame 1 of channel DIC is blank: 6 predicted frames beside it are not to be trusted.",
    )


def test_a_frame_of_which_half_is_saturated_shows_too_little_to_predict_from():
    reports = {(t, 0, 0): report(t, saturated_fraction=0.5 if t == 1 else 0.4) for t in range(4)}
    assert untrusted(reports, table(4)) == Untrusted(2, 3, ("saturated",))
    (told,) = gap_warnings(reports, table(4))
    assert told.endswith("(up to 50 % of the pixels have the largest possible value):"
                         " 3 predicted frames beside them are not to be trusted.")  # fmt: skip


def test_predicted_planes_beside_faulty_ones_are_counted_once_in_every_channel_and_depth():
    reports = {(t, c, z): report((t, c, z), nonfinite=3) for t in range(6) for c in range(2) for z in range(2)}
    reports[1, 0, 0] = reports[2, 0, 0] = report("blank", blank=True)
    reports[5, 0, 0] = reports[4, 0, 0]
    reports[5, 1, 1] = report("gone", missing=True)
    # Gaps 0 to 2 beside the blank frames, gap 4 beside the repeated one, gap 4 of another plane beside the missing one.
    found = untrusted(reports, table(6, factor=3))
    assert found == Untrusted(10, 40, ("missing", "blank", "duplicated"), 4)
    assert found.share == 0.25
    assert found.sentence() == "10 of 40 predicted planes lie beside missing, blank and repeated acquired ones"


def test_along_depth_planes_beside_faulty_ones_are_counted_too():
    reports = {(t, 0, z): report((t, z), blank=z == 3 and t == 0) for t in range(2) for z in range(4)}
    assert untrusted(reports, table(4, axis="z")) == Untrusted(1, 6, ("blank",), 2)


def test_last_frame_spoils_one_gap_and_unfilled_gaps_none():
    reports = {(t, 0, 0): report(t, blank=t == 2) for t in range(3)}
    frames = table(3)
    assert "1 predicted frame beside it is not" in gap_warnings(reports, frames)[0]
    acquired_only = FrameTable("t", "s", *(getattr(frames, n)[::2] for n in ("positions", "kind", "left", "fraction")),
                               frames.source_positions)  # fmt: skip
    assert gap_warnings(reports, acquired_only) == ()


def test_fault_in_some_planes_of_a_stack_is_said_so():
    reports = {(t, 0, z): report((t, z), blank=t == 1 and z == 0) for t in range(3) for z in range(2)}
    assert gap_warnings(reports, table(3))[0].startswith("Frame 1 of channel 0 is blank in some of the planes: 2 pred")


def test_along_depth_the_slices_are_the_frames():
    reports = {(0, 0, z): report(0 if z < 2 else z) for z in (3, 1, 0, 2)}
    assert gap_warnings(reports, table(4, axis="z")) == (
        "Frame 1 of channel 0 is a copy of the frame before it: 2 predicted frames beside it are not to be trusted.",
    )


def test_sound_movie_gives_no_warning():
    assert gap_warnings({(t, 0, 0): report(t) for t in range(5)}, table(5)) == ()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([3], "3"),
        ([3, 4], "3 and 4"),
        ([3, 7, 12], "3, 7 and 12"),
        ([0, 1, 2, 5], "0-2 and 5"),
        (list(range(0, 40, 2)), "0, 2, 4, 6, 8, 10, 12 and 13 more"),
    ],
)
def test_numbers_are_listed_compactly(numbers, words):
    assert listed(numbers) == words
