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


def parts(folder: Path) -> list[Path]:
    """The files in which a sink keeps the pixels of its frames."""
    return sorted([*folder.glob("frames/*.tif"), *folder.glob("data.zarr/*/c/*/*/*/0/0")])


def damaged(path: Path) -> Iterator[str]:
    """Damage a stored frame in every way that a power cut may."""
    whole = path.read_bytes()
    path.unlink()
    yield "missing"
    for content in (b"", whole[:1], whole[: len(whole) // 2], whole[:-1], bytes(len(whole)), whole[:-9] + bytes(9)):
        path.write_bytes(content)
        yield f"{len(content)} of {len(whole)} bytes, {content.count(0)} of them 0"


@pytest.mark.parametrize("side", [9, 530])  # of more than one chunk, so that OME-Zarr makes shards and a pyramid
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_frame_is_not_held_and_can_be_written_anew(tmp_path: Path, name: str, side: int) -> None:
    pixels = np.random.default_rng(5).integers(0, 999, (2, 2, 1, 12, side)).astype(np.uint16)
    movie = array_movie(pixels)
    sink = stored(pixels, tmp_path / name, tmp_path / "work")
    places = parts(tmp_path / "work")
    assert len(places) == (2 if "zarr" not in name else 4 if side == 9 else 12)
    for path in places:
        for how in damaged(path):
            held = [sink.holds(t, 0) for t in (0, 1)]
            assert sorted(held) == [False, True], f"{path}: {how}"
            sink.write(held.index(False), 0, movie.frame(held.index(False), 0))
            assert sink.holds(0, 0)
            assert sink.holds(1, 0)
    sink.finish()
    np.testing.assert_array_equal(pixels_of(tmp_path / name)[..., 0], pixels)


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_damaged_metadata_of_work_in_progress_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    stored(PIXELS, tmp_path / "a.ome.zarr", tmp_path / "work")
    (tmp_path / "work" / "data.zarr" / "0" / "zarr.json").write_bytes(content)
    with pytest.raises(CafiError, match=r"data.zarr: it is damaged; give --overwrite to start anew\.$"):
        reopened(tmp_path / "a.ome.zarr", tmp_path / "work")


@pytest.mark.parametrize("name", NAMES)
def test_frames_of_a_target_that_stands_are_held_and_not_written_again(tmp_path: Path, name: str) -> None:
    stored(PIXELS, tmp_path / name, tmp_path / "work", **FIELDS).finish()
    before = digest(tmp_path / name)
    sink = reopened(tmp_path / name, tmp_path / "work")
    assert sink.holds(1, 0)
    sink.write(1, 0, PIXELS[1, :, 0])
    sink.finish()
    assert digest(tmp_path / name) == before


def test_work_in_progress_is_discarded_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "a.partial"
    (folder / "frames").mkdir(parents=True)
    (folder / "frames" / "1.tif").touch()
    with killed_at(2), pytest.raises(Killed):
        discard(folder)
    assert not folder.exists()
    discard(folder)
    assert list(tmp_path.iterdir()) == []
