from pathlib import Path

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.model import Header, Movie, Size
from cafi.movie.options import WriteOptions
from cafi.movie.writing import write_movie
from tests.helpers import array_movie
from tests.movie.writing.reading_back import pixels_of, written

PIXELS = np.arange(6 * 2 * 3 * 4 * 5, dtype=np.uint16).reshape(6, 2, 3, 4, 5)


def test_every_frame_is_written_and_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_movie(array_movie(PIXELS), tmp_path / "a.ome.tif", WriteOptions(), on_progress=lambda *at: told.append(at))
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.tif")[..., 0], PIXELS)
    assert (told[0], told[-1]) == ((0, 18), (18, 18))
    assert told == sorted(told)


@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif", "a.ome.zarr"])
def test_an_existing_target_is_replaced(tmp_path: Path, name: str) -> None:
    written(PIXELS, tmp_path / name)
    written(PIXELS + 1, tmp_path / name)
    np.testing.assert_array_equal(pixels_of(tmp_path / name)[..., 0], PIXELS + 1)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_in_place_of_a_zarr_and_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "a.zarr").write_text("old")
    written(PIXELS, tmp_path / "a.zarr")
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.zarr")[..., 0], PIXELS)


class Unreadable:
    def read(self, t: int, c: int, z: int) -> np.ndarray:
        if t == 3:
            raise CafiError("frame 3 cannot be read")
        return np.zeros((4, 5), np.uint16)

    def is_missing(self, t: int, c: int, z: int) -> bool:
        return False

    def close(self) -> None:
        return


def test_a_movie_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    movie = Movie(Header("broken", Size(6, 1, 1, 4, 5), np.dtype(np.uint16)), Unreadable())
    with pytest.raises(CafiError, match="frame 3"):
        write_movie(movie, tmp_path / "a.tif", WriteOptions())
    assert list(tmp_path.iterdir()) == []


def test_the_work_of_an_interrupted_interpolation_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "a.tif.partial").mkdir()
    (tmp_path / "a.tif.partial" / "run.json").touch()
    with pytest.raises(CafiError, match="interrupted run"):
        write_movie(array_movie(PIXELS), tmp_path / "a.tif", WriteOptions())
    assert (tmp_path / "a.tif.partial" / "run.json").exists()


def test_an_interrupted_copy_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "a.tif.partial").mkdir()
    (tmp_path / "a.tif.partial" / "copy").touch()
    written(PIXELS, tmp_path / "a.tif")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]
