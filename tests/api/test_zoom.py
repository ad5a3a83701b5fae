"""With a zoom no pixel is an acquired one any more: all is marked so, in memory and in every format."""

import csv

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import gaussian_filter

import cafi
from cafi.api import checks
from cafi.engine.breaks import Break
from cafi.errors import CafiError
from cafi.movie.frames import RESAMPLED
from cafi.quality.warnings.gap import check
from tests.interpolators.zooming_slowmo.helpers import tiny_network, tiny_weights

METHOD = "zooming-slowmo"


@pytest.fixture
def weights(tmp_path):
    return str(tiny_weights(tmp_path))


def _source(path, pixels, **metadata):
    tifffile.imwrite(path, pixels, ome=path.name.endswith(".ome.tif"), photometric="minisblack", metadata=metadata)
    return path


def _pixels(count=3, seed=0):
    return np.random.default_rng(seed).integers(100, 4000, (count, 12, 16), dtype=np.uint16)


def _expected(pixels, first, last, place, zoom):
    """What the network says of the normalised pixels of a pair, in the movie's unit."""
    low, high = np.percentile(pixels, (0.1, 99.9))
    pair = torch.from_numpy(((pixels[[first, last]] - low) / (high - low)).astype(np.float32))
    made = tiny_network()(pair[None, :, None].expand(-1, -1, 3, -1, -1), zoom, at=[place])[0, 0].mean(0).numpy()
    return np.rint(made * (high - low) + low)


@pytest.mark.parametrize("suffix", [".ome.tif", ".tif", ".ome.zarr"])
def test_every_frame_is_resampled_and_marked(tmp_path, weights, suffix):
    pixels = _pixels()
    source = _source(tmp_path / "cells.ome.tif", pixels, axes="TYX", PhysicalSizeX=0.5, PhysicalSizeY=0.25)
    target = tmp_path / ("out" + suffix)
    result = cafi.interpolate(source, target, method=METHOD, weights=weights, zoom=2)
    assert (result.acquired, result.interpolated, result.resampled) == (0, 0, 5)
    assert any("no pixel is an acquired one" in message for message in result.messages)
    with cafi.read(target) as movie:
        header = movie.header
        made = np.stack([movie.frame(t, 0)[0] for t in range(5)]).astype(float)
    assert tuple(header.size) == (5, 1, 1, 24, 32)
    assert header.dtype == np.uint16
    assert (header.pixel_size.y, header.pixel_size.x) == pytest.approx((0.125, 0.25))
    assert header.frames.kind.tolist() == [RESAMPLED] * 5
    assert header.frames.fraction.tolist() == [0, 0.5, 0, 0.5, 0]
    # An acquired frame is made anew from the gap before it, where there is one.
    for frame, (first, place) in enumerate([(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]):
        expected = _expected(pixels, first, first + 1, place, 2)
        assert expected.std() > 50
        np.testing.assert_allclose(made[frame], np.clip(expected, 0, 65535), atol=1)
    with pytest.raises(CafiError, match=r"no acquired frame can be restored; use the source, cells\.ome\.tif"):
        cafi.restore(target, tmp_path / "back.ome.tif")
    with pytest.raises(CafiError, match=r"holds resampled frames; start from its source, cells\.ome\.tif"):
        cafi.interpolate(target, tmp_path / "again.ome.tif", method="linear")
    with result.table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["resampled"] * 5
    assert [(row["source_frame"], row["gap_start"], row["t"]) for row in rows[:2]] == [("0", "", ""), ("", "0", "0.5")]


def test_a_run_with_a_zoom_resumes(tmp_path, weights):
    source, target = _source(tmp_path / "a.tif", _pixels(), axes="TYX"), tmp_path / "out.ome.tif"
    options = {"method": METHOD, "weights": weights, "zoom": 2}
    cafi.interpolate(source, target, **options)
    assert cafi.interpolate(source, target, resume=True, **options).already_done


def test_whole_gaps_are_checked_on_the_acquired_pixels_and_no_noise_is_compared(tmp_path, weights, monkeypatch):
    rng = np.random.default_rng(0)
    scenes = gaussian_filter(rng.standard_normal((2, 96, 96)), (0, 3, 3))
    pixels = 1000 + 200 * np.repeat(scenes / scenes.std(), 4, axis=0) + 20 * rng.standard_normal((8, 96, 96))
    source = _source(tmp_path / "a.tif", pixels.astype(np.uint16), axes="TYX")
    seen = {}

    def look(before, after, t, mean, gap, z, **told):
        seen[gap, t] = mean
        return check(before, after, t, mean, gap, z, **told)

    monkeypatch.setattr(checks, "check", look)
    target = tmp_path / "out.ome.tif"
    result = cafi.interpolate(source, target, method=METHOD, weights=weights, zoom=2)
    assert result.breaks == (Break(3, "cut"),)
    # The last frame and the copy inside the cut are made from the ends of other gaps.
    assert sorted(seen) == [(gap, 0.5) for gap in (0, 1, 2, 4, 5, 6)]
    assert result.noise_ratio == ()
    with cafi.read(target) as movie:
        normal = movie.header.provenance["normalisation"]
        made = normal["offset"][0] + normal["scale"][0] * seen[5, 0.5][0]
        blocks = movie.frame(11, 0)[0].reshape(96, 2, 96, 2).mean((1, 3))
    np.testing.assert_allclose(made, blocks, atol=0.51)


def test_a_hole_is_as_large_as_its_pixel(tmp_path, weights):
    pixels = _pixels().astype(np.float32)
    pixels[1, 3, 4] = np.nan
    target = tmp_path / "out.ome.tif"
    cafi.interpolate(_source(tmp_path / "a.tif", pixels, axes="TYX"), target, method=METHOD, weights=weights, zoom=2)
    with cafi.read(target) as movie:
        holes = [np.argwhere(np.isnan(movie.frame(t, 0)[0])).tolist() for t in range(5)]
    there = [[6, 8], [6, 9], [7, 8], [7, 9]]
    assert holes == [[], there, there, there, []]


def test_what_was_drawn_on_other_pixels_is_left_out(tmp_path, weights):
    path = tmp_path / "drawn.tif"
    roi = bytes(64)
    tifffile.imwrite(path, _pixels(), imagej=True, metadata={"axes": "TYX", "ROI": b"Iout" + roi[4:]})
    for zoom, left in ((1, True), (2, False)):
        target = tmp_path / f"out{zoom}.tif"
        cafi.interpolate(path, target, method=METHOD, weights=weights, zoom=zoom)
        with tifffile.TiffFile(target) as file:
            assert ("ROI" in file.imagej_metadata) == left


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("linear", {"zoom": 2}, r"linear has no --zoom; leave it out, or take zooming-slowmo or zooming-slowmo-small"),
        ("kymo", {"input_frames": 4}, r"kymo has no --input-frames"),
        (METHOD, {"factor": 3}, "zooming-slowmo predicts only the middle"),
        (METHOD, {"zoom": 2, "uncertainty": True}, "with --zoom 2 they have other pixels; leave one of the two out"),
        (METHOD, {"factor": 4, "zoom": 2}, "with --zoom 2 predicts no more than the middle"),
        (METHOD, {"weights": None}, r"no weights for zooming-slowmo; bring in a published checkpoint .* --weights"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(tmp_path, weights, method, options, message):
    source = _source(tmp_path / "a.tif", _pixels(), axes="TYX")
    given = {"weights": weights} if method == METHOD else {}
    with pytest.raises(CafiError, match=message):
        cafi.interpolate(source, tmp_path / "out.ome.tif", method=method, **(given | options))
