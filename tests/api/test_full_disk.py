"""A full disk is one sentence, loses nothing, and the run goes on once there is room."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

import cafi
from cafi.errors import CafiError

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from cafi.cli import main
main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no RLIMIT_FSIZE")
@pytest.mark.parametrize("suffix", [".ome.tif", ".tif", ".ome.zarr"])
def test_a_full_disk_is_told_and_survived(tmp_path, suffix):
    pixels = np.random.default_rng(0).integers(0, 65535, (5, 64, 64)).astype(np.uint16)
    source, target = tmp_path / "in.ome.tif", tmp_path / ("out" + suffix)
    tifffile.imwrite(source, pixels, metadata={"axes": "TYX"}, ome=True)
    command = ["interpolate", str(source), str(target), "--method", "linear", "--resume"]

    def answer(limit):
        return subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), *command], capture_output=True, text=True, check=False
        )

    # Too small for one frame, then (where one file holds all) too small for the whole.
    for limit in (4_000, 30_000) if suffix != ".ome.zarr" else (4_000,):
        full = answer(limit)
        assert full.returncode == 2, full.stderr
        assert "no space left" in full.stderr
        assert "Traceback" not in full.stderr
        assert not target.exists()
    done = answer(-1)
    assert done.returncode == 0, done.stderr
    with cafi.read(target) as movie:
        np.testing.assert_array_equal(np.stack([movie.frame(t, 0)[0] for t in range(0, 9, 2)]), pixels)


def test_room_on_the_disk_is_checked_before_work_begins(tmp_path, monkeypatch):
    source, target = tmp_path / "in.tif", tmp_path / "out.ome.tif"
    noise = np.random.default_rng(0).integers(0, 65535, (3, 64, 64)).astype(np.uint16)
    tifffile.imwrite(source, noise, photometric="minisblack", metadata={"axes": "TYX"})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=50_000))
    with pytest.raises(CafiError, match=r"need about 0\.0 GB, and .* has 0\.0 GB free; free some"):
        cafi.interpolate(source, target, method="linear")
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=500_000))
    assert cafi.interpolate(source, target, method="linear").interpolated == 2
