import gc
import json

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading.ome import parse_ome
from cafi.movie.reading.vendor import open_scene
from tests.movie.reading.czi_file import document, write_czi

pytest.importorskip("aicspylibczi", reason="aicspylibczi comes with the extra cafi[formats]")

DEFAULT = ReadOptions()
SIZES = {"t": 4, "c": 2, "z": 3}


def noise(*shape, dtype="uint16", seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 250, shape).astype(dtype)


def planes(t=4, c=2, z=3, first=0, dtype="uint16"):
    pixels = noise(t, c, z, 17, 23, dtype=dtype)
    return {(i + first, j, k): pixels[i, j, k] for i in range(t) for j in range(c) for k in range(z)}


@pytest.fixture
def several(shared):
    return shared / "formats" / "several_images.czi"


def test_real_file_has_its_scenes_and_pixels_as_bioio_reads_them(several):
    bioio = pytest.importorskip("bioio")
    reference = bioio.BioImage(several)
    for scene in range(2):
        reference.set_scene(scene)
        with open_scene(several, ReadOptions(scene=scene)) as movie:
            assert movie.scenes == ("0", "1")
            assert movie.scene == scene
            assert movie.header.size == reference.shape == (1, 1, 2, 251, 251)
            pixel, other = movie.header.pixel_size, reference.physical_pixel_sizes
            assert (pixel.z, pixel.y, pixel.x) == (other.Z, other.Y, other.X)
            for z in range(2):
                plane = movie.source.read(0, 0, z)
                assert plane.dtype == movie.header.dtype == np.uint16
                assert np.array_equal(plane, reference.get_image_data("YX", Z=z))


def test_scenes_of_the_real_file_differ(several):
    found = []
    for scene in range(2):
        with open_scene(several, ReadOptions(scene=scene)) as movie:
            found.append(movie.source.read(0, 0, 0))
    assert not np.array_equal(*found)
    with pytest.raises(CafiError, match="no scene 2; choose one of 0"):
        open_scene(several, ReadOptions(scene=2))


def test_real_file_keeps_what_zeiss_wrote(several):
    with open_scene(several, DEFAULT) as movie:
        header = movie.header
    assert [(channel.name, channel.color) for channel in header.channels] == [("ChA", "#ffffff")]
    assert header.times.tolist() == pytest.approx([7202.7475])
    vendor = json.loads(json.dumps(header.metadata.vendor, allow_nan=False))
    assert "<ChannelType>AiryScanFast3D</ChannelType>" in vendor["czi_xml"]
    assert 'EmissionWavelength="578.617841" EmissionWavelengthUnit="nm"' in header.metadata.ome_xml


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_planes_are_bit_identical_wherever_axes_begin(tmp_path, dtype):
    truth = planes(first=5, dtype=dtype)
    with open_scene(write_czi(tmp_path / "a.czi", truth), DEFAULT) as movie:
        assert movie.header.size == (4, 2, 3, 17, 23)
        assert movie.header.dtype == np.dtype(dtype)
        for (t, c, z), plane in truth.items():
            assert np.array_equal(movie.source.read(t - 5, c, z), plane)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_come_out_as_red_green_blue(tmp_path, dtype):
    blue_first = noise(17, 23, 3, dtype=dtype)
    with open_scene(write_czi(tmp_path / "a.czi", {(0, 0, 0): blue_first}), DEFAULT) as movie:
        assert movie.header.samples == 3
        assert movie.header.size == (1, 1, 1, 17, 23)
        assert np.array_equal(movie.source.read(0, 0, 0), blue_first[..., ::-1])


def test_planes_that_were_not_acquired_are_missing(tmp_path):
    truth = planes()
    del truth[2, 1, 1]
    with open_scene(write_czi(tmp_path / "a.czi", truth), DEFAULT) as movie:
        assert movie.source.is_missing(2, 1, 1)
        assert not movie.source.is_missing(2, 1, 0)
        assert not movie.source.read(2, 1, 1).any()
        assert movie.source.read(2, 1, 1).shape == (17, 23)


def tags_at(seconds, **others):
    moment = f"2020-02-29T23:59:{int(seconds):02d}.{round(seconds % 1 * 1e7):07d}Z"
    return {"AcquisitionTime": moment} | others


def test_times_are_those_of_the_earliest_plane_of_each_frame(tmp_path):
    begin = {0: 3.0000001, 1: 4.5, 2: 6.25, 3: 20.0}
    tags = {(t, c, z): tags_at(begin[t] + 0.1 * z + 0.01 * c) for t, c, z in planes()}
    path = write_czi(tmp_path / "a.czi", planes(), tags=tags, stamps=[0.0, 1.0, 2.0, 3.0])
    with open_scene(path, DEFAULT) as movie:
        header = movie.header
    assert header.times_from == "planes"
    assert header.times.tolist() == pytest.approx([0.0, 1.4999999, 3.2499999, 16.9999999], abs=1e-12)
    (image,) = parse_ome(header.metadata.ome_xml, path).images
    assert image.stamps == pytest.approx(dict(enumerate(header.times)), abs=1e-12)
    assert 'TheZ="2" TheT="1" TheC="1" DeltaT="1.7099999"' in header.metadata.ome_xml


def test_times_count_from_the_beginning_of_the_acquisition(tmp_path):
    xml = document(image="<AcquisitionDateAndTime>2020-02-29T23:58:59.5Z</AcquisitionDateAndTime>")
    tags = {(t, 0, 0): tags_at(t) for t in range(3)}
    with open_scene(write_czi(tmp_path / "a.czi", planes(3, 1, 1), xml, tags), DEFAULT) as movie:
        assert movie.header.times.tolist() == [0.5, 1.5, 2.5]
        assert "<AcquisitionDate>2020-02-29T23:58:59.5Z</AcquisitionDate>" in movie.header.metadata.ome_xml


def test_times_attached_to_the_file_serve_where_planes_have_none(tmp_path):
    with open_scene(write_czi(tmp_path / "a.czi", planes(), stamps=[0.5, 1.25, 2.5, 7.0]), DEFAULT) as movie:
        assert movie.header.times.tolist() == [0.5, 1.25, 2.5, 7.0]
        assert movie.header.times_from == "planes"


def test_stated_interval_serves_where_there_are_no_stamps(tmp_path):
    interval = "<T><Positions><Interval><Start>0</Start><Increment>2.5</Increment></Interval></Positions></T>"
    xml = document(image=f"<Dimensions>{interval}</Dimensions>")
    with open_scene(write_czi(tmp_path / "a.czi", planes(), xml, stamps=[1.0, 2.0]), DEFAULT) as movie:
        assert movie.header.times.tolist() == [0.0, 2.5, 5.0, 7.5]
        assert movie.header.times_from == "interval"


def test_stamps_that_do_not_increase_are_left_aside_and_told(tmp_path):
    tags = {(t, 0, 0): tags_at([1, 5, 3][t]) for t in range(3)}
    with open_scene(write_czi(tmp_path / "a.czi", planes(3, 1, 1), tags=tags), DEFAULT) as movie:
        assert movie.header.times is None
        assert any("time stamps do not increase at frame 2" in sentence for sentence in movie.assumptions)


def test_exposure_stage_and_calibration_are_kept(tmp_path):
    channels = (
        '<Dimensions><Channels><Channel Id="Channel:0" Name="EGFP"><ExposureTime>150000000</ExposureTime></Channel>'
        '<Channel Id="Channel:1" Name="DAPI"><Color>#FF0000FF</Color></Channel></Channels></Dimensions>'
        "<ComponentBitCount>14</ComponentBitCount>"
    )
    scaling = "".join(
        f'<Distance Id="{axis}"><Value>{size}</Value></Distance>'
        for axis, size in {"X": "1E-07", "Y": "1.9999999999999999e-007", "Z": "5e-07"}.items()
    )
    xml = document(channels, scaling, '<Channel Id="Channel:0"><Color>#FF12AB00</Color></Channel>')
    tags = {
        place: {"StageXPosition": "+000000012.5000", "StageYPosition": "-3", "FocusPosition": f"{place[2]}"}
        for place in planes()
    }
    with open_scene(write_czi(tmp_path / "a.czi", planes(), xml, tags), DEFAULT) as movie:
        header = movie.header
    assert [(channel.name, channel.color) for channel in header.channels] == [("EGFP", "#12ab00"), ("DAPI", "#0000ff")]
    assert header.significant_bits == 14
    assert (header.pixel_size.x, header.pixel_size.y, header.pixel_size.z) == (0.1, 0.2, 0.5)
    assert header.times is None
    first, second = (header.metadata.ome_xml.split(f'TheZ="2" TheT="3" TheC="{c}"')[1].split("/>")[0] for c in range(2))
    assert 'ExposureTime="0.15" ExposureTimeUnit="s"' in first
    assert "ExposureTime" not in second
    assert 'PositionX="12.5" PositionXUnit="µm" PositionY="-3.0" PositionYUnit="µm" PositionZ="2.0"' in second
    assert header.metadata.vendor["subblock_tags"]["FocusPosition"].count("2") == 8


def maker_written(path, write):
    """Let the maker's own library write a file."""
    czi = pytest.importorskip("pylibCZIrw.czi")
    with czi.create_czi(str(path)) as file:
        write(file)
    return path


def test_mosaic_is_put_together(tmp_path):
    truth = noise(2, 40, 50)

    def write(file):
        for scene in range(2):
            for t in range(2):
                for left, right in ((0, 30), (25, 50)):
                    tile = truth[t, :, left:right, None] + np.uint16(scene)
                    file.write(tile, location=(100 * scene + left, 0), plane={"T": t}, scene=scene)

    path = maker_written(tmp_path / "a.czi", write)
    for scene in range(2):
        with open_scene(path, ReadOptions(scene=scene)) as movie:
            assert movie.header.size == (2, 1, 1, 40, 50)
            assert any("tiles of its mosaic were put together" in sentence for sentence in movie.assumptions)
            for t in range(2):
                assert np.array_equal(movie.source.read(t, 0, 0), truth[t] + scene)


def test_scenes_may_differ_in_size_and_length(tmp_path):
    truth = noise(3, 40, 50)

    def write(file):
        for t in range(3):
            file.write(truth[t, :20, :30, None], plane={"T": t}, scene=0)
            if t < 2:
                file.write(truth[t, :10, :20, None], location=(100, 0), plane={"T": t}, scene=1)

    path = maker_written(tmp_path / "a.czi", write)
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size == (3, 1, 1, 20, 30)
    with open_scene(path, ReadOptions(scene=1)) as movie:
        assert movie.header.size == (2, 1, 1, 10, 20)
        assert np.array_equal(movie.source.read(1, 0, 0), truth[1, :10, :20])


@pytest.mark.parametrize("codec", ["zstd0:ExplicitLevel=3", "zstd1:ExplicitLevel=3;PreProcess=HiLoByteUnpack"])
def test_compressed_planes_are_bit_identical(tmp_path, codec):
    truth = noise(17, 23)
    path = maker_written(tmp_path / "a.czi", lambda file: file.write(truth[..., None], compression_options=codec))
    with open_scene(path, DEFAULT) as movie:
        assert np.array_equal(movie.source.read(0, 0, 0), truth)


def test_channel_of_another_pixel_type_is_one_sentence(tmp_path):
    truth = {(0, 0, 0): noise(17, 23, dtype="uint8"), (0, 1, 0): noise(17, 23, dtype="uint16")}
    with open_scene(write_czi(tmp_path / "a.czi", truth), DEFAULT) as movie:
        assert np.array_equal(movie.source.read(0, 0, 0), truth[0, 0, 0])
        with pytest.raises(CafiError, match=r"frame t=0 \(c=1, z=0\) differs from the others in size or pixel type"):
            movie.source.read(0, 1, 0)


def test_axes_option_takes_slices_as_frames(tmp_path):
    truth = planes(1, 1, 3)
    with open_scene(write_czi(tmp_path / "a.czi", truth), ReadOptions(axes="TYX")) as movie:
        assert movie.header.size == (3, 1, 1, 17, 23)
        assert np.array_equal(movie.source.read(2, 0, 0), truth[0, 0, 2])


def test_axis_that_begins_absurdly_far_is_refused_before_memory_is_filled(tmp_path):
    truth = planes(2, 1, 1) | {(2**30, 0, 0): noise(17, 23)}
    with pytest.raises(CafiError, match="its directory of planes is broken"):
        open_scene(write_czi(tmp_path / "a.czi", truth), DEFAULT)
    truth = planes(2, 1, 1) | {(2**20, 0, 0): noise(17, 23)}
    with pytest.raises(CafiError, match="its 3 planes cannot be as far apart as it says"):
        open_scene(write_czi(tmp_path / "b.czi", truth), DEFAULT)


def test_planes_belong_to_the_caller_and_the_file_is_closed(tmp_path):
    truth = planes(1, 1, 1)
    movie = open_scene(write_czi(tmp_path / "a.czi", truth), DEFAULT)
    plane = movie.source.read(0, 0, 0)
    plane[:] = 0
    assert np.array_equal(movie.source.read(0, 0, 0), truth[0, 0, 0])
    stream = movie.source._stream
    del movie
    gc.collect()
    assert stream.closed
