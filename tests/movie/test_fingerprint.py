import hashlib
import os
import shutil
import time

import imagecodecs
import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.fingerprint import BLOCK, BLOCKS, EDGE, WHOLE_UP_TO, fingerprint


def make_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def test_small_file_is_hashed_whole_with_its_size(tmp_path):
    content = os.urandom(5 * 2**20 + 17)
    (tmp_path / "movie.tif").write_bytes(content)
    expected = hashlib.sha256(bytes(4) + len(content).to_bytes(8, "little") + content).hexdigest()
    assert fingerprint(tmp_path / "movie.tif") == f"sha256:{expected}"


@pytest.mark.parametrize("position", [0, 1, 2**19, 2**20 - 1])
def test_every_changed_byte_of_a_small_file_shows(tmp_path, position):
    content = bytearray(os.urandom(2**20))
    file = tmp_path / "movie.tif"
    file.write_bytes(content)
    before = fingerprint(file)
    content[position] ^= 1
    file.write_bytes(content)
    assert fingerprint(file) != before


def test_name_place_and_date_do_not_count(tmp_path):
    file = tmp_path / "a.tif"
    file.write_bytes(b"pixels")
    copy = tmp_path / "elsewhere" / "b.tif"
    copy.parent.mkdir()
    shutil.copy(file, copy)
    os.utime(copy, (1, 1))
    assert fingerprint(copy) == fingerprint(file)


def test_folder_counts_names_sizes_and_contents(tmp_path):
    files = {"zarr.json": b"{}", "0/c/0/0": b"abc", "0/c/0/1": b"def"}
    first = fingerprint(make_folder(tmp_path / "first.zarr", files))
    same = fingerprint(make_folder(tmp_path / "copied.zarr", dict(reversed(files.items()))))
    renamed = fingerprint(make_folder(tmp_path / "r.zarr", {"zarr.json": b"{}", "0/c/0/0": b"abc", "0/c/1/1": b"def"}))
    shifted = fingerprint(make_folder(tmp_path / "s.zarr", {"zarr.json": b"{}", "0/c/0/0": b"abcd", "0/c/0/1": b"ef"}))
    changed = fingerprint(make_folder(tmp_path / "c.zarr", files | {"0/c/0/1": b"deg"}))
    assert first == same
    assert len({first, renamed, shifted, changed}) == 4


def test_a_pattern_counts_the_images_that_it_matches(tmp_path):
    def png(seed):
        return imagecodecs.png_encode(np.random.default_rng(seed).integers(0, 255, (9, 9), np.uint8))

    frames = {f"f{t}.png": png(t) for t in (1, 2, 10)}
    first = fingerprint(make_folder(tmp_path / "a", frames) / "*.png")
    with_notes = fingerprint(make_folder(tmp_path / "b", frames | {"notes.txt": b"x"}) / "f*")
    fewer = fingerprint(tmp_path / "a" / "f1*.png")
    changed = fingerprint(make_folder(tmp_path / "c", frames | {"f2.png": png(7)}) / "*.png")
    assert first == with_notes
    assert len({first, fewer, changed}) == 3
    with pytest.raises(CafiError, match="is not there"):
        fingerprint(tmp_path / "a" / "*.tif")


def sparse(path, size):
    with path.open("wb") as file:
        file.truncate(size)
    return path


def poke(path, position, value=b"\x01"):
    with path.open("r+b") as file:
        file.seek(position)
        file.write(value)


def test_large_file_is_sampled_quickly_and_its_size_counts(tmp_path):
    size = 40 * 2**30
    started = time.perf_counter()
    first = fingerprint(sparse(tmp_path / "a", size))
    assert time.perf_counter() - started < 2
    assert first.startswith("sha256-sampled:")
    assert fingerprint(sparse(tmp_path / "b", size)) == first
    assert fingerprint(sparse(tmp_path / "c", size + 1)) != first


@pytest.mark.parametrize("where", ["first", "edge", "middle block", "last"])
def test_large_file_is_sampled_at_both_ends_and_between(tmp_path, where):
    size = WHOLE_UP_TO + 12345
    file = sparse(tmp_path / "a", size)
    before = fingerprint(file)
    block = round(31 * (size - BLOCK) / (BLOCKS - 1)) + BLOCK - 1
    poke(file, {"first": 0, "edge": EDGE - 1, "middle block": block, "last": size - EDGE}[where])
    assert fingerprint(file) != before


def test_large_folder_is_sampled_across_its_files(tmp_path):
    folder = tmp_path / "big.zarr"
    folder.mkdir()
    third = WHOLE_UP_TO // 2
    for name in ("0", "1", "2"):
        sparse(folder / name, third)
    before = fingerprint(folder)
    assert before.startswith("sha256-sampled:")
    sampled = round(31 * (3 * third - BLOCK) / (BLOCKS - 1))
    assert third < sampled < 2 * third
    poke(folder / "1", sampled - third)
    changed = fingerprint(folder)
    (folder / "2").rename(folder / "3")
    renamed = fingerprint(folder)
    assert len({before, changed, renamed}) == 3


def test_block_across_two_files_is_read_from_both(tmp_path):
    folder = tmp_path / "small.zarr"
    contents = {"0": b"", "1": b"ab", "2": b"", "3": b"cde"}
    make_folder(folder, contents)
    entries = b"".join(
        len(name).to_bytes(4, "little") + name.encode() + len(content).to_bytes(8, "little")
        for name, content in contents.items()
    )
    assert fingerprint(folder) == f"sha256:{hashlib.sha256(entries + b'abcde').hexdigest()}"


def test_exactly_the_limit_is_still_read_whole(tmp_path):
    assert fingerprint(sparse(tmp_path / "a", WHOLE_UP_TO)).startswith("sha256:")
    assert fingerprint(sparse(tmp_path / "b", WHOLE_UP_TO + 1)).startswith("sha256-sampled:")


def test_missing_source_is_one_sentence(tmp_path):
    with pytest.raises(CafiError, match=r"gone\.tif is not there; check the path\.$"):
        fingerprint(tmp_path / "gone.tif")
