"""A run mixes Kymo with linear blending as its movie advises, says so, and resumes to the same."""

import numpy as np
import pytest
import tifffile

import cafi
from cafi.api.interpolate import plan
from cafi.api.job import execute
from cafi.engine import interpolation
from tests.quality.test_mixing import slow_and_sharp

SAID = "Where next to nothing moves, linear blending was mixed in"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    movie = slow_and_sharp(9, 64)
    path = tmp_path_factory.mktemp("mixing") / "slow.tif"
    pixels = np.rint([movie.frame(t, 0)[0] for t in range(9)]).astype(np.uint16)
    tifffile.imwrite(path, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    return path


def frames_of(path):
    with cafi.read(path) as movie:
        return np.stack([movie.frame(t, 0)[0] for t in range(movie.header.size.t)]), movie.header.provenance


def test_a_slow_movie_is_mixed_and_says_so(source, tmp_path):
    made = {
        name: cafi.interpolate(source, tmp_path / f"{name}.ome.tif", **options)
        for name, options in {"mixed": {}, "alone": {"mix": False}, "linear": {"method": "linear"}}.items()
    }
    (mixed, record), (alone, record_alone), (linear, _) = (frames_of(result.target) for result in made.values())
    assert record["mixed"][0] > 0.5
    assert record_alone["mixed"] == []
    assert any(SAID in message for message in made["mixed"].messages)
    assert not any(SAID in message for message in (*made["alone"].messages, *made["linear"].messages))
    far, near = (np.abs(one[1::2].astype(float) - linear[1::2]).mean() for one in (alone, mixed))
    assert near < 0.6 * far
    np.testing.assert_array_equal(mixed[::2], alone[::2])


def test_what_was_measured_before_a_kill_is_kept(source, tmp_path, monkeypatch):
    target = tmp_path / "killed.ome.tif"
    whole = cafi.interpolate(source, tmp_path / "whole.ome.tif")
    run = cafi.run.describe_run()

    def dies(*_arguments, **_options):
        raise KeyboardInterrupt

    with cafi.read(source) as movie:
        monkeypatch.setattr(interpolation, "fill_gaps", dies)
        with pytest.raises(KeyboardInterrupt):
            execute(plan(movie, source, run), target, resume=False, overwrite=False, on_progress=print)
    monkeypatch.undo()

    def not_again(*_arguments):
        raise AssertionError("measured twice")

    monkeypatch.setattr("cafi.api.mixing.measure_shares", not_again)
    resumed = cafi.interpolate(source, target, resume=True)
    np.testing.assert_array_equal(frames_of(resumed.target)[0], frames_of(whole.target)[0])
    assert frames_of(resumed.target)[1]["mixed"] == frames_of(whole.target)[1]["mixed"]
    assert resumed.messages == whole.messages


def test_evaluate_says_what_it_mixed(tmp_path):
    movie = slow_and_sharp(19, 64)
    path = tmp_path / "slow.tif"
    pixels = np.rint([movie.frame(t, 0)[0] for t in range(19)]).astype(np.uint16)
    tifffile.imwrite(path, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    scores = {}
    for mix in (True, False):
        (one,) = cafi.evaluate(path, tmp_path / str(mix), methods="kymo", mix=mix).evaluations
        assert any(note.startswith(f"kymo: {SAID}") for note in one.notes) == mix
        scores[mix] = np.mean([score.values["psnr"] for score in one.scores])
    assert scores[True] > scores[False] + 0.5


def test_nothing_is_mixed_along_depth(tmp_path):
    movie = slow_and_sharp(9, 64)
    path = tmp_path / "stack.tif"
    planes = np.rint([movie.frame(t, 0)[0] for t in range(9)]).astype(np.uint16)
    tifffile.imwrite(path, planes, metadata={"axes": "ZYX"})
    made = cafi.interpolate(path, tmp_path / "out.ome.tif", axis="z")
    assert frames_of(made.target)[1]["mixed"] == []
