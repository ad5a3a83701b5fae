import numpy as np
import pytest
import tifffile

import cafi
from cafi.engine.normalisation import measure
from cafi.errors import CafiError
from cafi.finetuning.reels import Shelf, load_reel
from tests.finetuning.helpers import library, noisy, reel_of, with_a_cut, write


def test_frames_are_normalised_as_in_a_run(tmp_path):
    pixels = noisy()
    reel = reel_of(tmp_path / "a.tif", pixels)
    with cafi.read(tmp_path / "a.tif") as movie:
        expected = measure(movie).apply(movie.frame(7, 0))
    assert np.array_equal(reel.frame(7, 0), expected)
    assert reel.planes == (0,)


def test_channels_are_chosen_and_empty_ones_left_out(tmp_path):
    pixels = np.stack([noisy(seed=1), np.full((24, 48, 64), 7, np.uint16), noisy(seed=2)], 1)
    assert reel_of(tmp_path / "a.tif", pixels, axes="TCYX").planes == (0, 2)
    assert reel_of(tmp_path / "b.tif", pixels, "2", axes="TCYX").planes == (2,)
    with pytest.raises(CafiError, match="has no channel 'GFP'; it has 0, 1, 2"):
        reel_of(tmp_path / "c.tif", pixels, "GFP", axes="TCYX")
    with pytest.raises(CafiError, match="is constant: no pixel differs from the others; there is nothing to learn"):
        reel_of(tmp_path / "d.tif", pixels, "1", axes="TCYX")


def test_each_sample_of_colour_pixels_is_learned_from(tmp_path):
    pixels = np.stack([noisy(seed=s) >> 8 for s in range(3)], -1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    reel = load_reel(tmp_path / "a.tif", library(axes="TYXS"), None)
    assert reel.planes == (0, 1, 2)
    assert reel.frame(3, 0).shape == (3, 48, 64)


def test_what_teaches_nothing_is_refused(tmp_path):
    with pytest.raises(CafiError, match=r"full\.tif is saturated everywhere; there is nothing to learn from"):
        reel_of(tmp_path / "full.tif", np.full((24, 48, 64), 65535, np.uint16))
    with pytest.raises(CafiError, match=r"short\.tif has 4 frames along time, too few"):
        reel_of(tmp_path / "short.tif", noisy(4))
    books = library()
    with pytest.raises(CafiError, match=r"leaves 48 x 64 pixels to learn from, and this method takes 64 in a side"):
        load_reel(write(tmp_path / "small.tif", noisy()), books, None, 64)
    cafi.interpolate(tmp_path / "small.tif", tmp_path / "made.ome.tif", method="linear", checks=False)
    with pytest.raises(CafiError, match="holds interpolated frames; learn from acquired ones alone"):
        load_reel(tmp_path / "made.ome.tif", books, None)


def test_values_that_are_not_finite_become_zero(tmp_path):
    pixels = noisy().astype(np.float32)
    pixels[3, 5, 6] = np.nan
    pixels[3, 5, 7] = np.inf
    tifffile.imwrite(tmp_path / "a.tif", pixels, metadata={"axes": "TYX"})
    frame = load_reel(tmp_path / "a.tif", library(), None).frame(3, 0)
    assert frame[0, 5, 6] == frame[0, 5, 7] == 0
    assert np.isfinite(frame).all()


def test_a_cut_is_seen(tmp_path):
    reel = reel_of(tmp_path / "a.tif", with_a_cut())
    assert reel.whole(0, 11)
    assert reel.whole(12, 23)
    assert not reel.whole(10, 13)


def test_a_shelf_keeps_what_was_used_last():
    gone = []
    shelf = Shelf(10, len, gone.append)
    made = []

    def make(text):
        def maker():
            made.append(text)
            return text

        return shelf.get(text[0], maker)

    make("aaaa"), make("bbbb"), make("aaaa"), make("cccc")
    assert gone == ["bbbb"]
    assert make("aaaa") == "aaaa"
    assert made == ["aaaa", "bbbb", "cccc"]
    assert make("dddddddddddd") == "dddddddddddd"
    assert gone == ["bbbb", "cccc", "aaaa"]
    shelf.clear()
    assert gone[-1] == "dddddddddddd"


def test_only_some_movies_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr("cafi.finetuning.reels.OPEN_AT_ONCE", 2)
    shared = library(limit=1)
    reels = [load_reel(write(tmp_path / f"{i}.tif", noisy(seed=i)), shared, None) for i in range(4)]
    frames = [reel.frame(2, 0) for reel in reels]
    assert len(shared._movies._kept) == 2
    assert np.array_equal(reels[0].frame(2, 0), frames[0])
