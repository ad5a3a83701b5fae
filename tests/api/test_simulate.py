"""`cafi.simulate` writes movie, truth and motion, and refuses what it cannot do in one sentence."""

import csv
import json

import numpy as np
import pytest
import tifffile

import cafi
from cafi.cli import build_app
from cafi.cli.running import run

SMALL = {"side": 32, "frames": 3}


@pytest.mark.parametrize("suffix", [".ome.tif", ".tif", ".ome.zarr"])
def test_movie_and_truth_are_written_and_read_back(tmp_path, suffix):
    made = cafi.simulate(tmp_path / f"movie{suffix}", scene="mixed", **SMALL)
    assert made.truth == tmp_path / f"movie.truth{suffix}"
    with cafi.read(made.target) as movie, cafi.read(made.truth) as truth:
        assert movie.header.size == truth.header.size == (3, 1, 1, 32, 32)
        assert (movie.header.dtype, truth.header.dtype) == (np.uint16, np.float32)
        difference = movie.frame(1, 0) - truth.frame(1, 0)
        assert abs(difference.mean()) < 0.02 * truth.frame(1, 0).mean()


def test_tracks_are_a_table_of_every_particle_in_every_frame(tmp_path):
    made = cafi.simulate(tmp_path / "new" / "movie.ome.tif", scene="particles", **SMALL)
    assert made.motion is None
    with made.tracks.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "particle", "y", "x", "visible"]
    particles = {row["particle"] for row in rows}
    assert len(rows) == 3 * len(particles)
    assert {row["visible"] for row in rows} == {"0", "1"}


def test_motion_of_tissue_has_two_channels_and_starts_at_nothing(tmp_path):
    made = cafi.simulate(tmp_path / "movie.ome.tif", scene="tissue", **SMALL)
    assert made.tracks is None
    motion = tifffile.imread(made.motion)
    assert motion.shape == (3, 2, 32, 32)
    assert np.abs(motion[0]).max() == 0
    assert np.abs(motion[2]).max() > 0.5


def test_significant_bits_are_kept(tmp_path):
    made = cafi.simulate(tmp_path / "movie.ome.tif", bits=12, **SMALL)
    with cafi.read(made.target) as movie:
        assert movie.header.significant_bits == 12


@pytest.mark.parametrize("taken", ["movie.ome.tif", "movie.truth.ome.tif", "movie.tracks.csv"])
def test_nothing_is_overwritten_unasked(tmp_path, taken):
    target = tmp_path / "movie.ome.tif"
    cafi.simulate(target, scene="rods", seed=1, **SMALL)
    for path in tmp_path.iterdir():
        if path.name != taken:
            path.unlink()
    before = (tmp_path / taken).read_bytes()
    with pytest.raises(cafi.CafiError, match=r"exists already; .*--overwrite"):
        cafi.simulate(target, scene="rods", seed=2, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_bytes() == before
    cafi.simulate(target, scene="rods", seed=2, overwrite=True, **SMALL)
    assert (tmp_path / taken).read_bytes() != before


@pytest.mark.parametrize("taken", ["movie.ome.tif", "movie.truth.ome.tif"])
def test_a_movie_of_others_is_never_replaced(tmp_path, taken):
    tifffile.imwrite(tmp_path / taken, np.zeros((3, 8, 9), np.uint16), photometric="minisblack")
    before = (tmp_path / taken).read_bytes()
    with pytest.raises(cafi.CafiError, match="exists already and is no movie of cafi's; move it away"):
        cafi.simulate(tmp_path / "movie.ome.tif", scene="rods", overwrite=True, **SMALL)
    assert (tmp_path / taken).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [taken]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"side": 34}, "side: input should be a multiple of 4"),
        ({"side": 2048, "frames": 17}, "^--side 2048 allows at most 16 frames, and 17 were asked for; give"),
        ({"side": 2048}, "^--side 2048 allows at most 16 frames, and 21 were asked for; give --frames 16 or"),
        ({"frames": 1025}, "^--side 256 allows at most 1024 frames"),
        ({"scene": "moon"}, "scene: input should be 'mixed'"),
        ({"colour": 3}, "There is no option 'colour'"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, changes, sentence):
    with pytest.raises(cafi.CafiError, match=sentence):
        cafi.simulate(tmp_path / "movie.ome.tif", **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--side", "30"], "--side: input should be"),
        (["--noise", "much"], "--noise: input should be a valid number"),
        (["--scene", "moon"], "--scene: input should be"),
        (["--side", "2048"], "cafi: --side 2048 allows at most 16 frames, and 21"),
        (["--frobnicate"], "Unknown option"),
    ],
)
def test_wrong_commands_are_answered_by_one_sentence(tmp_path, capsys, argv, expected):
    assert run(build_app(), ["simulate", str(tmp_path / "a.ome.tif"), *argv]) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert said.err.count("\n") == 1
    assert "pydantic" not in said.err


def test_wrong_suffix_is_refused(tmp_path, capsys):
    assert run(build_app(), ["simulate", str(tmp_path / "a.png")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_writes_json(tmp_path, capsys):
    target = tmp_path / "a.ome.tif"
    assert run(build_app(), ["simulate", str(target), "--side", "32", "--frames", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["target"] == str(target)
    assert said["options"]["frames"] == 2
