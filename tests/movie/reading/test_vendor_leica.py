"""No LIF file from a Leica microscope was at hand: these files are written as the format's description says."""

import gc
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading.vendor import open_scene
from tests.movie.reading.lif_file import stamp, write_lif

pytest.importorskip("liffile", reason="liffile comes with the extra cafi[formats]")

DEFAULT = ReadOptions()


def noise(*shape, dtype="uint16", seed=0):
    return np.random.default_rng(seed).integers(0, 250, shape).astype(dtype)


def arranged(pixels, axes):
    """Bring stored pixels to T, C, Z, Y, X."""
    missing = [axis for axis in "TCZYX" if axis not in axes]
    whole = pixels.reshape(pixels.shape + (1,) * len(missing))
    order = [*axes, *missing]
    return whole.transpose([order.index(axis) for axis in "TCZYX"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outer=st.permutations("TCZ").flatmap(lambda axes: st.sampled_from(["".join(axes[:n]) for n in range(4)])),
    lengths=st.tuples(*[st.integers(1, 3)] * 3, st.integers(2, 9), st.integers(2, 9)),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
)
def test_planes_are_bit_identical_in_any_stored_order(tmp_path, outer, lengths, dtype):
    axes = outer + "YX"
    pixels = noise(*(lengths["TCZYX".index(axis)] for axis in axes), dtype=dtype)
    truth = arranged(pixels, axes)
    with open_scene(write_lif(tmp_path / "a.lif", {"pixels": pixels, "axes": axes}), DEFAULT) as movie:
        assert movie.header.size == truth.shape
        assert movie.header.dtype == np.dtype(dtype)
        for t, c, z in np.ndindex(truth.shape[:3]):
            assert np.array_equal(movie.source.read(t, c, z), truth[t, c, z])


def test_colours_are_samples(tmp_path):
    pixels = noise(3, 8, 9, 3, dtype="uint8")
    with open_scene(write_lif(tmp_path / "a.lif", {"pixels": pixels, "axes": "TYXS"}), DEFAULT) as movie:
        assert movie.header.size == (3, 1, 1, 8, 9)
        assert movie.header.samples == 3
        assert np.array_equal(movie.source.read(2, 0, 0), pixels[2])


def test_calibration_channels_and_bits_are_read(tmp_path):
    image = {
        "pixels": noise(4, 3, 2, 11, 21),
        "axes": "TZCYX",
        "lengths": {"T": 6.0, "Z": 1e-6, "Y": 2e-6, "X": 4e-6},
        "luts": ("Green", "Unknown"),
        "dyes": ("EGFP", "Cy5"),
        "resolution": 12,
    }
    with open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT) as movie:
        header = movie.header
    # From the first to the last element there is one interval less than there are elements.
    assert (header.pixel_size.z, header.pixel_size.y, header.pixel_size.x) == pytest.approx((0.5, 0.2, 0.2), rel=1e-15)
    assert header.times.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert header.times_from == "interval"
    assert [(channel.name, channel.color) for channel in header.channels] == [("EGFP", "#00ff00"), ("Cy5", None)]
    assert header.significant_bits == 12
    vendor = json.loads(json.dumps(header.metadata.vendor))
    assert 'LUTName="Green"' in vendor["lif_xml"]


def test_times_are_those_of_the_first_plane_of_each_frame(tmp_path):
    begin = [0.0, 1.5, 3.1, 10.0000003]
    stamps = [stamp(begin[t] + 0.1 * z + 0.01 * c) for t in range(4) for z in range(3) for c in range(2)]
    image = {"pixels": noise(4, 3, 2, 5, 6), "axes": "TZCYX", "stamps": stamps}
    with open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT) as movie:
        header = movie.header
    assert header.times_from == "planes"
    assert header.times.tolist() == begin
    assert 'TheZ="2" TheT="1" TheC="1" DeltaT="1.71" DeltaTUnit="s"' in header.metadata.ome_xml


def test_one_stamp_for_each_frame_serves_too(tmp_path):
    image = {"pixels": noise(3, 2, 5, 6), "axes": "TCYX", "stamps": [stamp(t) for t in (0, 2, 5)]}
    with open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT) as movie:
        assert movie.header.times.tolist() == [0.0, 2.0, 5.0]


def test_stamps_of_another_number_are_not_used(tmp_path):
    image = {"pixels": noise(3, 2, 5, 6), "axes": "TCYX", "stamps": [stamp(t) for t in range(4)]}
    with open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT) as movie:
        assert movie.header.times is None


def test_images_are_scenes(tmp_path):
    first, second = noise(2, 5, 6), noise(3, 7, 8, seed=1)
    path = write_lif(
        tmp_path / "a.lif",
        {"pixels": first, "axes": "TYX", "name": "before"},
        {"pixels": second, "axes": "TYX", "name": "after"},
    )
    with open_scene(path, ReadOptions(scene=1)) as movie:
        assert movie.scenes == ("before", "after")
        assert movie.header.name == "a after"
        assert np.array_equal(movie.source.read(2, 0, 0), second[2])
    with pytest.raises(CafiError, match=r"no scene 5; choose one of 0 \(before\), 1 \(after\)"):
        open_scene(path, ReadOptions(scene=5))


def test_scan_of_xz_planes_is_a_movie(tmp_path):
    pixels = noise(4, 9, 12)
    image = {"pixels": pixels, "axes": "TZX", "lengths": {"Z": 8e-6, "X": 11e-6}}
    with open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT) as movie:
        assert movie.header.size == (4, 1, 1, 9, 12)
        assert movie.header.pixel_size.y == pytest.approx(1.0)
        assert movie.header.pixel_size.z is None
        assert any("z is taken as y" in sentence for sentence in movie.assumptions)
        assert np.array_equal(movie.source.read(3, 0, 0), pixels[3])


def test_bioio_agrees(tmp_path):
    bioio = pytest.importorskip("bioio")
    image = {"pixels": noise(4, 3, 2, 11, 21), "axes": "TZCYX", "lengths": {"Z": 1e-6, "Y": 2e-6, "X": 4e-6}}
    path = write_lif(tmp_path / "a.lif", image)
    reference = bioio.BioImage(path)
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size == reference.shape
        assert movie.scenes == reference.scenes
        pixel = movie.header.pixel_size
        assert (pixel.z, pixel.y, pixel.x) == pytest.approx(tuple(reference.physical_pixel_sizes), rel=1e-14)
        assert np.array_equal(movie.source.read(3, 1, 2), reference.get_image_data("YX", T=3, C=1, Z=2))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ({"pixels": noise(2, 4, 5, 6), "axes": "TMYX"}, "holds 4 tiles of a mosaic, which LAS X can merge"),
        ({"pixels": noise(2, 5, 6), "axes": "TYX", "is_flim": True}, "holds photon counts"),
        ({"pixels": noise(8, 6), "axes": "TX"}, "is not made of planes"),
    ],
)
def test_what_is_no_movie_is_one_sentence(tmp_path, image, words):
    with pytest.raises(CafiError, match=words):
        open_scene(write_lif(tmp_path / "a.lif", image), DEFAULT)


@pytest.mark.parametrize("kept", [13, 300, 0.5, 0.99])
def test_truncated_file_is_one_sentence(tmp_path, kept):
    path = write_lif(tmp_path / "a.lif", {"pixels": noise(20, 30, 30), "axes": "TYX"})
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(CafiError, match="damaged or incomplete, so copy or export it again"):
        open_scene(path, DEFAULT)


def test_size_that_the_file_cannot_hold_is_refused_before_allocation(tmp_path):
    path = write_lif(tmp_path / "a.lif", {"pixels": noise(20, 30, 30), "axes": "TYX"})
    old, new = ('NumberOfElements="20"'.encode("utf-16-le"), 'NumberOfElements="99"'.encode("utf-16-le"))
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with pytest.raises(CafiError, match="needs 178200 bytes, but only 36000 are stored"):
        open_scene(path, DEFAULT)


def test_file_without_images_is_one_sentence(tmp_path):
    with pytest.raises(CafiError, match="it holds no images"):
        open_scene(write_lif(tmp_path / "a.lif"), DEFAULT)


def test_forgotten_movie_closes_its_file(tmp_path):
    movie = open_scene(write_lif(tmp_path / "a.lif", {"pixels": noise(2, 5, 6), "axes": "TYX"}), DEFAULT)
    file = movie.source._file
    del movie
    gc.collect()
    assert file.closed
