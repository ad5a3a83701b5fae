"""Folders overnight: structure kept, clashes refused, one bad file does not stop the rest (exit codes 0, 1, 2)."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from cafi.api.batch import plan_jobs
from cafi.cli import build_app
from cafi.cli.running import run
from cafi.errors import CafiError
from cafi.run import Run


def movie(path, frames=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (frames, 16, 20)).astype(np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "TYX"})
    return pixels


@pytest.fixture
def folder(tmp_path):
    movie(tmp_path / "in" / "a.tif")
    movie(tmp_path / "in" / "day 2" / "b.ome.tif")
    (tmp_path / "in" / "notes.txt").write_text("stray")
    return tmp_path / "in"


def cafi(capsys, *argv):
    code = run(build_app(), ["interpolate", *map(str, argv), "--method", "linear"])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_folder_keeps_its_structure_and_skips_strays(folder, tmp_path, capsys):
    code, out, err = cafi(capsys, folder, tmp_path / "out", "--json")
    assert code == 0
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.tif")) == [
        "a.ome.tif",
        "day 2/b.ome.tif",
    ]
    assert "notes.txt is no movie and was skipped" in " ".join(err.split())
    assert [m["status"] for m in json.loads(out)["movies"]] == ["done", "done"]


def test_one_bad_movie_does_not_stop_the_rest(folder, tmp_path, capsys):
    movie(folder / "broken.tif", frames=40)
    whole = (folder / "broken.tif").read_bytes()
    (folder / "broken.tif").write_bytes(whole[: len(whole) // 2])
    code, out, _ = cafi(capsys, folder, tmp_path / "out", "--json")
    assert code == 1
    outcomes = {m["source"].rsplit("/", 1)[1]: m for m in json.loads(out)["movies"]}
    assert outcomes["broken.tif"]["status"] == "failed"
    assert "broken.tif" in outcomes["broken.tif"]["error"]
    assert outcomes["a.tif"]["status"] == outcomes["b.ome.tif"]["status"] == "done"
    assert not (tmp_path / "out" / "broken.ome.tif").exists()


def test_a_closed_folder_does_not_stop_the_rest(folder, tmp_path, capsys, monkeypatch):
    make = Path.mkdir

    def closed(path, *args, **kwargs):
        if path.name == "day 2":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return make(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", closed)
    code, out, _ = cafi(capsys, folder, tmp_path / "out", "--json")
    assert code == 1
    failed, done = sorted(json.loads(out)["movies"], key=lambda movie: movie["status"], reverse=True)
    assert failed["error"].startswith(str(tmp_path / "out" / "day 2" / "b.ome.tif") + ": the folder cannot be written")
    assert (done["status"], done["acquired"]) == ("done", 3)


def test_nothing_done_is_exit_code_2(tmp_path, capsys):
    movie(tmp_path / "in" / "one.tif", frames=1)
    movie(tmp_path / "in" / "two.tif", frames=1)
    (tmp_path / "in" / "one.tif").write_bytes(b"II*\0broken")
    (tmp_path / "in" / "two.tif").write_bytes(b"II*\0broken")
    code, _, err = cafi(capsys, tmp_path / "in" / "*.tif", tmp_path / "out")
    assert code == 2
    assert "Traceback" not in err


def test_a_folder_of_strays_is_refused(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("x")
    code, _, err = cafi(capsys, tmp_path / "in", tmp_path / "out")
    assert code == 2
    assert "holds no movie" in err


def test_clashing_results_are_refused_before_work_begins(tmp_path):
    movie(tmp_path / "in" / "a.tif")
    movie(tmp_path / "in" / "a.ome.tif")
    with pytest.raises(CafiError, match=r"would both become .*a\.ome\.tif; rename one"):
        plan_jobs(tmp_path / "in", tmp_path / "out", Run())
    assert not (tmp_path / "out").exists()


def test_resuming_a_folder_leaves_what_is_complete(folder, tmp_path, capsys):
    cafi(capsys, folder, tmp_path / "out")
    (tmp_path / "out" / "a.ome.tif").unlink()
    (tmp_path / "out" / "a.frames.csv").unlink()
    code, out, _ = cafi(capsys, folder, tmp_path / "out", "--resume", "--json")
    assert code == 0
    assert [m["already_done"] for m in json.loads(out)["movies"]] == [False, True]


def test_a_folder_of_single_frames_is_one_movie(tmp_path, capsys):
    pixels = np.random.default_rng(0).integers(0, 255, (4, 16, 20)).astype(np.uint8)
    (tmp_path / "in").mkdir()
    for i, frame in enumerate(pixels):
        tifffile.imwrite(tmp_path / "in" / f"frame{i}.tif", frame)
    for source in (tmp_path / "in", tmp_path / "in" / "frame*.tif"):
        assert len(plan_jobs(source, tmp_path / "out.ome.tif", Run()).jobs) == 1
    for source, more in ((tmp_path / "in", "--resume"), (tmp_path / "in" / "frame*.tif", "--overwrite")):
        code, _, _ = cafi(capsys, source, tmp_path / "out.ome.tif", more)
        assert code == 0
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.ome.tif")[::2], pixels)


def test_all_scenes_become_one_result_each(shared, tmp_path):
    jobs = plan_jobs(shared / "formats" / "several_images.czi", tmp_path / "out.ome.tif", Run(read={"scene": "all"}))
    assert [(job.target.name, job.scene) for job in jobs.jobs] == [
        ("out_scene0.ome.tif", 0),
        ("out_scene1.ome.tif", 1),
    ]


def test_a_result_without_a_known_ending_is_refused_before_work(tmp_path):
    movie(tmp_path / "a.tif")
    with pytest.raises(CafiError, match=r"use \.ome\.tif"):
        plan_jobs(tmp_path / "a.tif", tmp_path / "out.mp4", Run())
