"""A run with intervals writes a second movie that holds what it promises, and resumes to the same."""

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

import cafi
from cafi.errors import CafiError

OPTIONS = {"method": "linear", "uncertainty": True}


def write(path, count, dtype=np.uint16):
    """Static texture with noise that rises with intensity, one pixel saturated, one constant."""
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.standard_normal((44, 52)), 3)
    scene = 1000 + 300 * scene / scene.std()
    pixels = scene + 0.05 * np.clip(scene - 300, 80, None) * rng.standard_normal((count, *scene.shape))
    pixels[:, 5, 5], pixels[:, 6, 6] = 65535, 900
    tifffile.imwrite(path, np.rint(pixels).astype(dtype), metadata={"axes": "TYX"}, photometric="minisblack")
    return path


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "source.tif", 18)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".ome.tif", ".tif", ".ome.zarr"])
def test_the_second_movie(source, tmp_path, suffix):
    result = cafi.interpolate(source, tmp_path / ("out" + suffix), **OPTIONS)
    assert result.interval == tmp_path / ("out.interval" + suffix)
    (figures,) = result.intervals
    assert 0.87 <= figures["coverage"] <= 0.94
    assert figures["gaps"] == 8
    # The saturated pixel never varies either; it counts as constant.
    assert figures["constant"] * 44 * 52 == pytest.approx(2)
    with cafi.read(result.interval) as movie, cafi.read(result.target) as made:
        assert [c.name for c in movie.header.channels] == ["0 lower", "0 upper"]
        assert movie.header.dtype == np.float32
        acquired = movie.header.frames.acquired
        low, high = np.stack([movie.frame(t, 0) for t in range(len(acquired))], axis=1)
        frames = np.stack([made.frame(t, 0)[0] for t in range(len(acquired))])
        assert movie.header.provenance["intervals"] == [figures]
    with pytest.raises(CafiError, match=r"out\.interval\..* holds the bounds of intervals, and no acquired frame"):
        cafi.restore(result.interval, tmp_path / "back.ome.tif")
    np.testing.assert_array_equal(low[acquired], frames[acquired])
    np.testing.assert_array_equal(high[acquired], frames[acquired])
    assert (high > low)[~acquired].mean() > 0.999
    # 1.645 standard deviations of the camera's noise to each side; that of the prediction comes on top, as far as the
    # mean over the movie does not tell better where the centre lies.
    noise = frames[acquired].astype(float).std(0)
    varies = noise > 0
    ratio = np.median((high - low)[~acquired].mean(0)[varies] / noise[varies])
    assert 2 * 1.645 < ratio < 2 * 1.645 * np.sqrt(1.5)


class StopHereError(Exception):
    """Ends a run in its middle, as Ctrl-C does."""


@pytest.mark.slow
@pytest.mark.parametrize("stop_at", [3, 20])
def test_a_resumed_run_writes_the_same_bytes(source, tmp_path, stop_at):
    def stop(done, total):
        if done >= stop_at and total > 30:
            raise StopHereError

    whole = cafi.interpolate(source, tmp_path / "whole" / "out.ome.tif", **OPTIONS)
    with pytest.raises(StopHereError):
        cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", on_progress=stop, **OPTIONS)
    resumed = cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", resume=True, **OPTIONS)
    assert resumed.target.read_bytes() == whole.target.read_bytes()
    assert resumed.interval.read_bytes() == whole.interval.read_bytes()
    assert resumed.verdict == whole.verdict
    again = cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", resume=True, **OPTIONS)
    assert again.already_done
    assert (again.intervals, again.verdict) == (whole.intervals, whole.verdict)


def test_copies_inside_a_cut_and_holes_have_no_interval(tmp_path):
    rng = np.random.default_rng(0)
    scenes = gaussian_filter(rng.standard_normal((2, 40, 44)), (0, 3, 3))
    pixels = 100 + 20 * np.repeat(scenes / scenes.std(), 12, axis=0) + rng.standard_normal((24, 40, 44))
    pixels[5, 7, 8] = np.nan
    source = tmp_path / "source.tif"
    tifffile.imwrite(source, pixels.astype(np.float32), metadata={"axes": "TYX"}, photometric="minisblack")
    result = cafi.interpolate(source, tmp_path / "out.ome.tif", **OPTIONS)
    assert [found.gap for found in result.breaks] == [11]
    with cafi.read(result.interval) as movie:
        bounds = np.stack([movie.frame(t, 0) for t in range(47)])
    missing = np.isnan(bounds)
    assert missing[23].all()  # the copy between acquired frames 11 and 12
    for t in (9, 10, 11):  # acquired frame 5, and the predicted ones beside it
        assert np.argwhere(missing[t]).tolist() == [[0, 7, 8], [1, 7, 8]]
    assert np.flatnonzero(missing.any(axis=(1, 2, 3))).tolist() == [9, 10, 11, 23]


def test_a_short_movie_is_interpolated_without_intervals(tmp_path):
    result = cafi.interpolate(write(tmp_path / "short.tif", 9), tmp_path / "out.ome.tif", **OPTIONS)
    assert result.interval is None
    assert result.interpolated == 8
    assert any("too short to calibrate intervals: 4 of its gaps" in m for m in result.messages)
    assert not (tmp_path / "out.interval.ome.tif").exists()


def test_infinite_pixels_change_no_figure_that_holes_do_not_change(tmp_path):
    figures = []
    for hole in (np.nan, np.inf, -np.inf):
        path = write(tmp_path / f"{hole}.tif", 18, np.float32)
        pixels = tifffile.imread(path)
        pixels[8:10, 20, 20] = hole  # in a frame that is kept, and in one that is held out
        tifffile.imwrite(path, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
        figures += cafi.interpolate(path, tmp_path / f"{hole}.ome.tif", method="cubic", uncertainty=True).intervals
    # The noise of the held-out frame and of the weights: 1 + 2 / 4 over 1 + 164 / 256.
    assert figures[0]["gain"] == pytest.approx(10 * np.log10(1.5 / 1.64), abs=0.1)
    assert figures == [figures[0]] * 3


def test_hot_pixels_are_no_gain_over_linear_blending(source, tmp_path):
    result = cafi.interpolate(source, tmp_path / "out.ome.tif", **OPTIONS)
    assert any("Hot or dead pixels" in message for message in result.messages)
    assert result.intervals[0]["gain"] == pytest.approx(0, abs=1e-4)


def test_an_interval_movie_is_not_overwritten(source, tmp_path):
    second = tmp_path / "out.interval.ome.tif"
    tifffile.imwrite(second, np.zeros((3, 8, 9), np.uint8), photometric="minisblack")
    before = second.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(CafiError, match=r"out\.interval\.ome\.tif exists already and is no movie of cafi's"):
            cafi.interpolate(source, tmp_path / "out.ome.tif", overwrite=overwrite, **OPTIONS)
    assert second.read_bytes() == before


def test_a_verdict_comes_with_every_run_unless_unwanted(source, tmp_path):
    result = cafi.interpolate(source, tmp_path / "a.ome.tif", method="linear")
    assert result.verdict.word == "use"
    unwanted = cafi.interpolate(source, tmp_path / "b.ome.tif", method="linear", checks=False)
    assert unwanted.verdict is None
