"""The last step can be killed anywhere and repeated, and the target is always whole or absent (or the old one)."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.options import WriteOptions
from cafi.movie.writing import make_sink
from cafi.movie.writing.publishing import discard
from tests.helpers import array_movie
from tests.movie.tables import doubled
from tests.movie.writing.reading_back import digest, pixels_of, stored

NAMES = ["a.ome.tif", "a.tif", "a.ome.zarr"]
PIXELS = np.random.default_rng(5).integers(0, 999, (3, 1, 1, 12, 9)).astype(np.uint16)
FIELDS = {"frames": doubled(np.array([0.0, 1.0])), "provenance": {"method": "linear"}}


class Killed(BaseException):
    """Ends everything at once, as a kill does: no handler of ours may catch it."""


@contextmanager
def killed_at(step: int) -> Iterator[list[int]]:
    """Let that many changes to the file system pass, and kill before the next one."""
    calls = [0]

    def counting(original: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if calls[0] >= step:
                raise Killed
            calls[0] += 1
            return original(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "replace", "unlink", "rmdir", "mkdir", "remove"):
            patch.setattr(os, name, counting(getattr(os, name)))
        for name in ("touch", "write_bytes"):
            patch.setattr(Path, name, counting(getattr(Path, name)))
        try:
            yield calls
        finally:
            # zarr's own thread may still be at work, as that of a killed process is not: let it run into the patches.
            if calls[0] >= step:
                time.sleep(0.03)


def reopened(target: Path, folder: Path) -> Any:
    return make_sink(target, folder, array_movie(PIXELS, **FIELDS).header, WriteOptions())


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_last_step_can_be_killed_at_every_change_and_repeated(tmp_path: Path, name: str, old: bool) -> None:
    stored(PIXELS, tmp_path / "right" / name, tmp_path / "right", **FIELDS).finish()
    right = digest(tmp_path / "right" / name)
    kills = 0
    while True:
        place = tmp_path / f"killed at {kills}"
        target, folder = place / name, place / "work"
        place.mkdir()
        if old:
            stored(PIXELS + 1, target, folder).finish()
            discard(folder)
            before = digest(target)
        sink = stored(PIXELS, target, folder, **FIELDS)
        try:
            with killed_at(kills):
                sink.finish()
        except Killed:
            if target.exists():
                assert digest(target) in ((right, before) if old else (right,))
            reopened(target, folder).finish()
            assert digest(target) == right
            kills += 1
        else:
            break
        discard(folder)
        assert [file.name for file in place.iterdir()] == [name]
        shutil.rmtree(place)
    assert kills >= (3 if name.endswith("zarr") else 2)


@pytest.mark.parametrize("name", NAMES)
def test_the_last_step_can_be_repeated_after_it_was_done(tmp_path: Path, name: str) -> None:
    sink = stored(PIXELS, tmp_path / name, tmp_path / "work", **FIELDS)
    sink.finish()
    first = digest(tmp_path / name)
    sink.finish()
    reopened(tmp_path / name, tmp_path / "work").finish()
    assert digest(tmp_path / name) == first
    np.testing.assert_array_equal(pixels_of(tmp_path / name)[..., 0], PIXELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_write_leaves_the_frame_unwritten_and_others_intact(tmp_path: Path, name: str) -> None:
    target, folder = tmp_path / name, tmp_path / "work"
    movie = array_movie(PIXELS, **FIELDS)
    sink = make_sink(target, folder, movie.header, WriteOptions())
    for t in range(3):
        step = 0
        while True:
            try:
                with killed_at(step):
                    sink.write(t, 0, movie.frame(t, 0))
            except Killed:
                sink = reopened(target, folder)
                step += 1
            else:
                break
    sink.finish()
    stored(PIXELS, tmp_path / "right" / name, tmp_path / "right", **FIELDS).finish()
    assert digest(target) == digest(tmp_path / "right" / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_beginning_is_begun_again(tmp_path: Path, name: str) -> None:
    right = tmp_path / "right"
    stored(PIXELS, right / name, right, **FIELDS).finish()
    for step in range(100):
        target, folder = tmp_path / name, tmp_path / f"work {step}"
        try:
            with killed_at(step):
                reopened(target, folder)
        except Killed:
            stored(PIXELS, target, folder, **FIELDS).finish()
            assert digest(target) == digest(right / name)
        else:
            break
    assert 0 < step < 99


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_never_made_of_too_few_frames(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    movie = array_movie(PIXELS)
    sink = make_sink(tmp_path / name, tmp_path / "work", movie.header, WriteOptions())
    sink.write(0, 0, movie.frame(0, 0))
    with pytest.raises(CafiError, match=r"some of its frames are missing .* --overwrite"):
        sink.finish()
    assert not (tmp_path / name).exists()


def test_work_in_progress_is_discarded_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "a.partial"
    (folder / "frames").mkdir(parents=True)
    (folder / "frames" / "1.tif").touch()
    with killed_at(2), pytest.raises(Killed):
        discard(folder)
    assert not folder.exists()
    discard(folder)
    assert list(tmp_path.iterdir()) == []
