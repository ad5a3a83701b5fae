"""A full disk is one sentence, loses nothing, and the run goes on once there is room."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

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
    import cafi

    with cafi.read(target) as movie:
        np.testing.assert_array_equal(np.stack([movie.frame(t, 0)[0] for t in range(0, 9, 2)]), pixels)
