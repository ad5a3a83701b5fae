"""A movie in many files keeps few of them open."""

from pathlib import Path

import numpy as np
import tifffile

from cafi.movie.reading.tiff_file import TiffFile
from cafi.movie.reading.tiff_source import FilePool


def test_few_files_are_open_at_once_and_none_after_closing(tmp_path: Path) -> None:
    paths = [tmp_path / f"part{number}.tif" for number in range(40)]
    for path in paths:
        tifffile.imwrite(path, np.zeros((4, 5), np.uint8), photometric="minisblack")
    handles = []

    def count() -> int:
        return sum(not handle.closed for handle in handles)

    root = TiffFile(paths[0])
    handles.append(root.tiff.filehandle)
    pool = FilePool(root)
    most = 0
    with pool.borrow(paths[1]) as lent:
        handles.append(lent.tiff.filehandle)
        for path in paths[2:] + paths[:1]:
            with pool.borrow(path) as file:
                assert file.path == path
                handles.append(file.tiff.filehandle)
                most = max(most, count())
        assert not lent.tiff.filehandle.closed
    # Sixteen, the one that was asked for beyond them, and the one by which the movie was opened.
    assert 16 < most <= 18
    pool.close()
    assert count() == 0
