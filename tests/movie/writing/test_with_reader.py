"""What `open_movie` finds in our files is what was written, and what was restored is what was acquired."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cafi.movie.model import Channel, Header, Movie, PixelSize, SourceMetadata
from cafi.movie.options import ReadOptions, WriteOptions
from cafi.movie.reading import open_movie
from cafi.movie.reindex import original_metadata, output_header, restored_movie
from cafi.movie.writing import write_movie
from tests.helpers import ArraySource, array_movie
from tests.movie.tables import doubled
from tests.movie.test_reindex import ome_source, planes_of
from tests.movie.writing.reading_back import digest

RNG = np.random.default_rng(8)
TIMES = np.array([0.1, 0.30000000000000004, 1 / 3, 2.0])
EVERY = ["a.ome.tif", "a.tif", "a.ome.zarr"]
FIELDS = ("name", "size", "dtype", "samples", "pixel_size", "times_from", "channels", "significant_bits")


def pixels_of(movie: Movie) -> NDArray[Any]:
    size = movie.header.size
    return np.stack([np.stack([movie.frame(t, z) for z in range(size.z)], axis=1) for t in range(size.t)])


def assert_same(found: Header, expected: Header) -> None:
    for field in FIELDS:
        assert getattr(found, field) == getattr(expected, field), field
    assert (found.times is None) == (expected.times is None)
    if found.times is not None and expected.times is not None:
        assert found.times.tolist() == expected.times.tolist()


def source_of(pixels: NDArray[Any], **fields: Any) -> Movie:
    channels = tuple(Channel(name, "#00ff00") for name in ("GFP", "RFP")[: pixels.shape[1]])
    known: dict[str, Any] = {
        "times": TIMES,
        "times_from": "planes",
        "pixel_size": PixelSize(0.3, 0.1, 1 / 3),
        "channels": channels,
        **fields,
    }
    return array_movie(pixels, **known)


@pytest.mark.parametrize("again", EVERY)
@pytest.mark.parametrize("name", EVERY)
def test_interpolated_and_restored_movies_keep_everything(tmp_path: Path, name: str, again: str) -> None:
    pixels = RNG.integers(0, 4000, (4, 2, 2, 7, 9)).astype(np.uint16)
    metadata = replace(ome_source(4, c=2, z=2), vendor={"camera": {"gain": [1.5, None]}})
    times = np.array([0.0, 0.1, 0.2, 0.3])
    source = source_of(pixels, metadata=metadata, significant_bits=12, times=times)
    filled = np.repeat(pixels, 2, axis=0)[:-1]
    output = output_header(source.header, doubled(times), {"method": "duplicate"})
    write_movie(Movie(output, ArraySource(filled)), tmp_path / name, WriteOptions())
    with open_movie(tmp_path / name, ReadOptions()) as found:
        assert_same(found.header, output)
        assert found.header.provenance == {"method": "duplicate"}
        assert pixels_of(found).tobytes() == filled.tobytes()
        (tmp_path / "restored").mkdir()
        write_movie(restored_movie(found), tmp_path / "restored" / again, WriteOptions())
    with open_movie(tmp_path / "restored" / again, ReadOptions()) as restored:
        assert_same(restored.header, source.header)
        assert restored.header.frames is None
        assert pixels_of(restored).tobytes() == pixels.tobytes()
        kept = original_metadata(restored.header.metadata)
    assert kept.vendor == metadata.vendor
    assert planes_of(kept) == planes_of(metadata)


@pytest.mark.parametrize("times_from", ["planes", "interval"])
@pytest.mark.parametrize("name", EVERY)
def test_irregular_times_come_back_bit_identical(tmp_path: Path, name: str, times_from: str) -> None:
    source = source_of(RNG.integers(0, 255, (4, 1, 1, 7, 9)).astype(np.uint8), times_from=times_from)
    output = output_header(source.header, doubled(TIMES), {})
    write_movie(Movie(output, ArraySource(np.zeros((7, 1, 1, 7, 9), np.uint8))), tmp_path / name, WriteOptions())
    with open_movie(tmp_path / name, ReadOptions()) as found:
        assert_same(found.header, output)
        assert_same(restored_movie(found).header, source.header)


@pytest.mark.parametrize("name", EVERY)
def test_depth_comes_back_as_depth(tmp_path: Path, name: str) -> None:
    pixels = RNG.integers(0, 255, (1, 1, 3, 7, 9)).astype(np.uint8)
    source = source_of(pixels, times=None, times_from=None)
    output = output_header(source.header, doubled(np.arange(3) * 0.3, "z", "µm"), {})
    write_movie(Movie(output, ArraySource(np.repeat(pixels, 2, axis=2)[:, :, :-1])), tmp_path / name, WriteOptions())
    with open_movie(tmp_path / name, ReadOptions()) as found:
        assert_same(found.header, output)
        assert_same(restored_movie(found).header, source.header)
        assert pixels_of(restored_movie(found)).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("name", EVERY)
def test_rgb_comes_back_as_rgb(tmp_path: Path, name: str) -> None:
    pixels = RNG.integers(0, 255, (4, 1, 1, 7, 9, 3)).astype(np.uint8)
    source = source_of(pixels)
    write_movie(source, tmp_path / name, WriteOptions())
    with open_movie(tmp_path / name, ReadOptions()) as found:
        assert_same(found.header, source.header)
        assert pixels_of(found).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("name", EVERY)
def test_a_movie_that_says_nothing_still_says_nothing(tmp_path: Path, name: str) -> None:
    pixels = RNG.integers(0, 255, (2, 1, 2, 7, 9)).astype(np.uint8)
    source = array_movie(pixels, channels=(Channel(),))
    write_movie(source, tmp_path / name, WriteOptions())
    with open_movie(tmp_path / name, ReadOptions()) as found:
        assert_same(found.header, source.header)
        assert original_metadata(found.header.metadata) == SourceMetadata()


@pytest.mark.parametrize("name", EVERY)
def test_writing_what_was_read_gives_the_same_file(tmp_path: Path, name: str) -> None:
    pixels = RNG.integers(0, 255, (4, 2, 1, 7, 9)).astype(np.uint16)
    output = output_header(source_of(pixels[::2], times=TIMES[:2]).header, doubled(TIMES[:2]), {"a": 1.5})
    write_movie(Movie(output, ArraySource(pixels[:3])), tmp_path / name, WriteOptions())
    (tmp_path / "again").mkdir()
    with open_movie(tmp_path / name, ReadOptions()) as found:
        write_movie(found, tmp_path / "again" / name, WriteOptions())
    assert digest(tmp_path / "again" / name) == digest(tmp_path / name)


def test_real_movies_survive_every_format(tmp_path: Path, shared: Path) -> None:
    for path in (shared / "movies" / "golgi_confocal.tif", shared / "movies" / "mitosis_two_channels.tif"):
        with open_movie(path, ReadOptions()) as movie:
            pixels = pixels_of(movie)
            for name in EVERY:
                write_movie(movie, tmp_path / name, WriteOptions())
                with open_movie(tmp_path / name, ReadOptions()) as found:
                    assert pixels_of(found).tobytes() == pixels.tobytes()
                    assert found.header.pixel_size == movie.header.pixel_size
                    assert original_metadata(found.header.metadata).vendor == movie.header.metadata.vendor
