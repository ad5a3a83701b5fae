import errno
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.options import WriteOptions
from cafi.movie.writing import make_sink
from cafi.movie.writing.progress import told_clearly
from tests.helpers import array_movie
from tests.movie.writing.reading_back import pixels_of

NAMES = ["a.ome.tif", "a.tif", "a.ome.zarr"]
PIXELS = np.random.default_rng(6).integers(0, 2**16, (6, 1, 1, 100, 100)).astype(np.uint16)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_told_with_how_far_it_got(code: int) -> None:
    with (
        pytest.raises(CafiError, match=r"a\.tif: there is no space .*3 of 9 frames are stored.*--resume"),
        told_clearly(Path("a.tif"), lambda: "3 of 9 frames are stored"),
    ):
        raise OSError(code, "system's words")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_closed_folder_is_told(code: int) -> None:
    with (
        pytest.raises(CafiError, match="cannot be written") as caught,
        told_clearly(Path("a.tif"), lambda: "no frame is stored"),
    ):
        raise OSError(code, "system's words")
    assert "system's words" not in str(caught.value)


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "bad disk"), ValueError("ours"), KeyError("ours")])
def test_other_faults_are_not_dressed_as_a_full_disk(fault: Exception) -> None:
    with pytest.raises(type(fault)), told_clearly(Path("a.tif"), lambda: ""):
        raise fault


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_fills_up_while_writing_is_told_and_work_can_go_on(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = array_movie(PIXELS)
    sink = make_sink(tmp_path / name, tmp_path / "work", movie.header, WriteOptions())
    for t in range(4):
        sink.write(t, 0, movie.frame(t, 0))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(CafiError, match="4 of 6 frames are stored"):
            sink.write(4, 0, movie.frame(4, 0))
    again = make_sink(tmp_path / name, tmp_path / "work", movie.header, WriteOptions())
    for t in (4, 5):
        again.write(t, 0, movie.frame(t, 0))
    again.finish()
    np.testing.assert_array_equal(pixels_of(tmp_path / name)[..., 0], PIXELS)


SCRIPT = """
import resource, sys
from pathlib import Path
import numpy as np
from cafi.errors import CafiError
from cafi.movie.options import WriteOptions
from cafi.movie.writing import make_sink
from tests.helpers import array_movie
target, limit = Path(sys.argv[1]), int(sys.argv[2])
pixels = np.random.default_rng(6).integers(0, 2**16, (6, 1, 1, 100, 100)).astype(np.uint16)
movie = array_movie(pixels)
sink = make_sink(target, target.parent / "work", movie.header, WriteOptions())
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for t in range(6):
        sink.write(t, 0, movie.frame(t, 0))
    sink.finish()
except CafiError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system has no limit on file sizes")
@pytest.mark.parametrize(
    ("name", "limit", "far"),
    [
        ("a.ome.tif", 60_000, "6 of 6"),
        ("a.ome.tif", 9_000, "0 of 6"),
        ("a.tif", 60_000, "6 of 6"),
        ("a.zarr", 9_000, "0 of 6"),
    ],
)
def test_a_limit_of_the_system_is_told(tmp_path: Path, name: str, limit: int, far: str) -> None:
    repository = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / name), str(limit)],
        capture_output=True,
        text=True,
        check=True,
        cwd=repository,
    )
    assert f"{name}: there is no space left on the disk ({far} frames are stored)" in done.stdout
    assert not (tmp_path / name).exists()
