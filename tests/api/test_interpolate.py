"""The main job, end to end: acquired frames bit-identical, every frame marked, for every dtype and format."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cafi
from cafi.errors import CafiError
from tests.movie.reading.test_zarr_images import ome_zarr
from tests.movie.writing.reading_back import digest

FORMATS = {
    ".ome.tif": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
    ".tif": ("uint8", "uint16", "float32"),
    ".ome.zarr": ("uint8", "uint16", "int16", "uint32", "int64", "uint64", "float16", "float32", "float64"),
}
CASES = [(suffix, dtype) for suffix, dtypes in FORMATS.items() for dtype in dtypes]


def pixels_of(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return rng.standard_normal(shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def save(path, dtype):
    tifffile.imwrite(path, np.zeros((3, 8, 9), dtype), photometric="minisblack")


def frames_of(movie):
    size = movie.header.size
    return np.stack([np.stack([movie.frame(t, z) for z in range(size.z)], axis=1) for t in range(size.t)])


def interpolate(tmp_path, pixels, axes, suffix, **options):
    source = tmp_path / "source.tif"
    tifffile.imwrite(source, pixels, metadata={"axes": axes}, photometric="minisblack")
    target = tmp_path / ("out" + suffix)
    result = cafi.interpolate(source, target, overwrite=True, **({"method": "linear"} | options))
    return target, result


@pytest.mark.parametrize(("suffix", "dtype"), CASES)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    t=st.integers(2, 4),
    c=st.integers(1, 2),
    z=st.integers(1, 2),
    y=st.sampled_from([1, 2, 7, 33]),
    x=st.sampled_from([1, 3, 16, 41]),
    factor=st.integers(2, 3),
)
def test_acquired_frames_are_bit_identical(tmp_path, suffix, dtype, t, c, z, y, x, factor):
    pixels = pixels_of((t, c, z, y, x), dtype)
    target, result = interpolate(tmp_path, pixels, "TCZYX", suffix, factor=factor)
    with cafi.read(target) as movie:
        assert movie.header.dtype == np.dtype(dtype)
        assert tuple(movie.header.size) == ((t - 1) * factor + 1, c, z, y, x)
        np.testing.assert_array_equal(frames_of(movie)[::factor], pixels)
        assert movie.header.frames.acquired.tolist() == [i % factor == 0 for i in range((t - 1) * factor + 1)]
    assert (result.acquired, result.interpolated) == (t, (t - 1) * (factor - 1))
    restored = tmp_path / ("restored" + suffix)
    cafi.restore(target, restored, overwrite=True)
    with cafi.read(restored) as movie:
        np.testing.assert_array_equal(frames_of(movie), pixels)


@pytest.mark.parametrize("suffix", FORMATS)
def test_rgb_stays_rgb(tmp_path, suffix):
    pixels = pixels_of((3, 9, 11, 3), "uint8")
    source = tmp_path / "rgb.ome.tif"
    tifffile.imwrite(source, pixels, photometric="rgb", metadata={"axes": "TYXS"}, ome=True)
    target = tmp_path / ("out" + suffix)
    cafi.interpolate(source, target, method="linear")
    with cafi.read(target) as movie:
        assert movie.header.samples == 3
        np.testing.assert_array_equal(frames_of(movie)[::2, 0, 0], pixels)
        middle = movie.frame(1, 0)[0].astype(float)
    np.testing.assert_allclose(middle, (pixels[0].astype(float) + pixels[1]) / 2, atol=0.51)


def test_between_planes_along_z(tmp_path):
    pixels = pixels_of((2, 3, 8, 9), "uint16")
    target, result = interpolate(tmp_path, pixels, "TZYX", ".ome.tif", axis="z")
    assert (result.acquired, result.interpolated) == (3, 2)
    with cafi.read(target) as movie:
        made = frames_of(movie)[:, 0]
    np.testing.assert_array_equal(made[:, ::2], pixels)
    np.testing.assert_allclose(made[:, 1], (pixels[:, 0].astype(float) + pixels[:, 1]) / 2, atol=0.51)


@pytest.mark.parametrize("suffix", FORMATS)
def test_nan_and_infinite_pixels_stay_where_they_are_and_are_reported(tmp_path, suffix):
    pixels = np.ones((3, 20, 20), np.float32) * np.arange(3, dtype=np.float32)[:, None, None]
    pixels[1, 4, 5], pixels[1, 10, 2] = np.nan, -np.inf
    target, result = interpolate(tmp_path, pixels, "TYX", suffix)
    with cafi.read(target) as movie:
        made = frames_of(movie)[:, 0, 0]
    np.testing.assert_array_equal(made[::2], pixels)
    for between in (made[1], made[3]):
        assert np.argwhere(~np.isfinite(between)).tolist() == [[4, 5], [10, 2]]
    assert any("NaN or infinite" in message for message in result.messages)


@pytest.mark.parametrize("method", ["duplicate", "linear", "cubic", "optical_flow"])
def test_constant_frames_stay_constant(tmp_path, method):
    pixels = np.full((3, 20, 24), 1234, np.uint16)
    target, result = interpolate(tmp_path, pixels, "TYX", ".ome.tif", method=method)
    with cafi.read(target) as movie:
        assert np.unique(frames_of(movie)).tolist() == [1234]
    assert any("blank" in message for message in result.messages)


def test_the_result_does_not_depend_on_tiles(tmp_path):
    pixels = pixels_of((3, 2, 300, 250), "uint16")
    whole, _ = interpolate(tmp_path, pixels, "TCYX", ".ome.tif")
    whole = tifffile.imread(whole)
    tiled, _ = interpolate(tmp_path, pixels, "TCYX", ".ome.tif", memory="1MB")
    np.testing.assert_array_equal(tifffile.imread(tiled), whole)


def test_irregular_times_and_their_table(tmp_path):
    source = tmp_path / "irregular.ome.tif"
    times = [0.0, 1.0, 3.0, 4.0]
    planes = {"DeltaT": times, "DeltaTUnit": ["s"] * 4}
    tifffile.imwrite(source, pixels_of((4, 8, 8), "uint16"), metadata={"axes": "TYX", "Plane": planes}, ome=True)
    target = tmp_path / "out.ome.tif"
    result = cafi.interpolate(source, target, every="1s", method="linear")
    with cafi.read(target) as movie:
        assert movie.header.times.tolist() == [0, 1, 2, 3, 4]
        assert movie.header.frames.acquired.tolist() == [True, True, False, True, True]
    rows = result.table.read_text().splitlines()
    assert len(rows) == 6
    assert "interpolated" in rows[3]


@pytest.mark.parametrize(
    ("make", "options", "sentence"),
    [
        (lambda p: p.write_text("no image"), {}, "is no image series"),
        (lambda p: p.write_bytes(b""), {}, "is empty"),
        (lambda p: tifffile.imwrite(p, np.zeros((8, 9), np.uint8)), {}, "at least two are needed"),
        (lambda p: save(p, np.complex64), {}, "complex"),
        (lambda p: save(p, np.uint8), {"axes": "TCZYX"}, "axes"),
        (lambda p: save(p, np.uint8), {"every": "1s"}, "needs time stamps"),
        (lambda p: save(p, np.uint8), {"method": "linaer"}, "Did you mean linear"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(tmp_path, make, options, sentence):
    source = tmp_path / "source.tif"
    make(source)
    target = tmp_path / "out.ome.tif"
    with pytest.raises(CafiError, match=sentence) as refused:
        cafi.interpolate(source, target, **options)
    assert "\n" not in str(refused.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source.tif"]


def test_a_truncated_file_leaves_no_target(tmp_path):
    source = tmp_path / "source.tif"
    tifffile.imwrite(source, pixels_of((9, 64, 64), "uint16"), metadata=None)
    source.write_bytes(source.read_bytes()[:30_000])
    with pytest.raises(CafiError, match=r"source\.tif"):
        cafi.interpolate(source, tmp_path / "out.ome.tif", method="linear")
    assert not (tmp_path / "out.ome.tif").exists()


def test_an_existing_result_is_kept_unless_overwriting(tmp_path):
    pixels = pixels_of((3, 8, 8), "uint8")
    target, _ = interpolate(tmp_path, pixels, "TYX", ".ome.tif")
    before = target.read_bytes()
    with pytest.raises(CafiError, match="exists already"):
        cafi.interpolate(tmp_path / "source.tif", target, method="cubic")
    assert target.read_bytes() == before


def test_resuming_a_complete_result_leaves_it(tmp_path):
    pixels = pixels_of((3, 8, 8), "uint8")
    target, _ = interpolate(tmp_path, pixels, "TYX", ".ome.tif")
    before = target.stat().st_mtime_ns
    again = cafi.interpolate(tmp_path / "source.tif", target, method="linear", resume=True)
    assert again.already_done
    assert target.stat().st_mtime_ns == before


def test_a_second_run_on_the_same_result_is_refused(tmp_path):
    source, target = tmp_path / "source.tif", tmp_path / "out.ome.tif"
    tifffile.imwrite(source, pixels_of((5, 8, 8), "uint8"), metadata={"axes": "TYX"}, photometric="minisblack")
    refused = []

    def second(done, _total):
        if done == 3 and not refused:
            with pytest.raises(CafiError, match="is the work of a run that goes on now"):
                cafi.interpolate(source, target, method="linear", resume=True)
            refused.append(done)

    assert cafi.interpolate(source, target, method="linear", on_progress=second).interpolated == 4
    assert refused == [3]


def test_the_source_is_never_the_target(tmp_path):
    source = tmp_path / "movie.ome.tif"
    tifffile.imwrite(source, pixels_of((3, 8, 8), "uint8"), metadata={"axes": "TYX"}, ome=True)
    before = source.read_bytes()
    with pytest.raises(CafiError, match="is the source itself"):
        cafi.interpolate(source, source, overwrite=True)
    assert source.read_bytes() == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_movies_that_cafi_wrote_are_replaced(tmp_path, suffix):
    source, target = tmp_path / "source.tif", tmp_path / ("raw" + suffix)
    tifffile.imwrite(source, pixels_of((3, 8, 9), "uint8"), metadata={"axes": "TYX"}, photometric="minisblack")
    if suffix == ".ome.zarr":
        ome_zarr(target)
    else:
        tifffile.imwrite(target, pixels_of((4, 8, 9), "uint8"), photometric="minisblack")
    before = digest(target)
    for overwrite in (False, True):
        with pytest.raises(CafiError, match="exists already and is no movie of cafi's; move it away, or name another"):
            cafi.interpolate(source, target, method="linear", overwrite=overwrite)
    made, back = tmp_path / ("made" + suffix), tmp_path / ("back" + suffix)
    cafi.interpolate(source, made, method="linear")
    with pytest.raises(CafiError, match="is no movie of cafi's"):
        cafi.restore(made, target, overwrite=True)
    assert digest(target) == before
    cafi.restore(made, back)
    with pytest.raises(CafiError, match="give --overwrite to replace it"):
        cafi.restore(made, back)
    cafi.restore(made, back, overwrite=True)
    assert cafi.interpolate(source, back, method="linear", overwrite=True).interpolated == 2


def test_predicted_frames_are_never_taken_for_measured_ones(tmp_path):
    target, _ = interpolate(tmp_path, pixels_of((3, 8, 8), "uint8"), "TYX", ".ome.tif")
    with pytest.raises(CafiError, match=r"holds interpolated frames; .* `cafi restore` gives back"):
        cafi.interpolate(target, tmp_path / "again.ome.tif")
    cafi.restore(target, tmp_path / "back.ome.tif")
    assert cafi.interpolate(tmp_path / "back.ome.tif", tmp_path / "again.ome.tif", method="linear").acquired == 3


def test_a_stack_along_depth_is_told_so(tmp_path):
    with pytest.raises(CafiError, match=r"one frame along time and 3 planes along depth; give --axis z"):
        interpolate(tmp_path, pixels_of((3, 8, 8), "uint8"), "ZYX", ".ome.tif")


def test_every_real_movie_goes_through_and_comes_back(shared, tmp_path):
    movies = sorted((shared / "movies").glob("*.tif"))
    assert len(movies) == 12
    for path in movies:
        target, back = tmp_path / f"{path.stem}.ome.tif", tmp_path / f"{path.stem}_back.ome.tif"
        cafi.interpolate(path, target)
        cafi.restore(target, back)
        truth = tifffile.imread(path)
        np.testing.assert_array_equal(tifffile.imread(target)[::2], truth)
        np.testing.assert_array_equal(tifffile.imread(back), truth)


def test_scenes_are_asked_for(shared, tmp_path):
    source = Path(shared / "formats" / "several_images.czi")
    with pytest.raises(CafiError, match=r"holds 2 scenes .* --scene N, or --scene all"):
        cafi.interpolate(source, tmp_path / "out.ome.tif", axis="z")
    cafi.interpolate(source, tmp_path / "out.ome.tif", axis="z", scene=1, method="linear")
    with cafi.read(tmp_path / "out.ome.tif") as movie:
        assert movie.header.size.z == 3


def test_a_result_made_otherwise_is_said_to_be_so(tmp_path):
    target, _ = interpolate(tmp_path, pixels_of((3, 20, 24), "uint16"), "TYX", ".ome.tif", method="linear")
    source, before = tmp_path / "source.tif", target.read_bytes()
    for options, differing in (
        ({"factor": 3}, "--factor"),
        ({"factor": 4, "resume": True}, "--factor"),
        ({"uncertainty": True, "resume": True}, "--uncertainty"),
        ({"method": "duplicate", "checks": False, "resume": True}, "--method, --checks"),
    ):
        with pytest.raises(CafiError, match=rf"out.* exists already, and was made otherwise \({differing}\); choose"):
            cafi.interpolate(source, target, **{"method": "linear"} | options)
    with pytest.raises(CafiError, match="exists already; choose another name"):
        cafi.interpolate(source, target, method="linear")
    tifffile.imwrite(source, pixels_of((4, 20, 24), "uint16"), metadata={"axes": "TYX"}, photometric="minisblack")
    with pytest.raises(CafiError, match=r"made otherwise \(source\)"):
        cafi.interpolate(source, target, method="linear", resume=True)
    assert target.read_bytes() == before
