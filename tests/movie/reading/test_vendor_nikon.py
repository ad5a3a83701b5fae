import gc
import json
import struct
import threading

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.inspection import inspect
from cafi.movie.options import ReadOptions
from cafi.movie.reading.ome import parse_ome
from cafi.movie.reading.vendor import open_scene

nd2 = pytest.importorskip("nd2", reason="nd2 comes with the extra cafi[formats]")

DEFAULT = ReadOptions()


@pytest.fixture
def timelapse(shared):
    return shared / "formats" / "timelapse.nd2"


@pytest.fixture
def zstack(shared):
    return shared / "formats" / "zstack.nd2"


def changed(path, target, **numbers):
    """Copy an ND2 file with other values of its image attributes, which it stores as named 32-bit numbers."""
    content = path.read_bytes()
    attributes = content.index(b"ImageAttributesLV!")
    for name, value in numbers.items():
        place = content.index((name + "\0").encode("utf-16-le"), attributes) + 2 * len(name) + 2
        content = content[:place] + struct.pack("<I", value) + content[place + 4 :]
    target.write_bytes(content)
    return target


def frames_of(path):
    return nd2.imread(path)


def test_every_plane_is_bit_identical(timelapse, zstack):
    truth = frames_of(timelapse)
    with open_scene(timelapse, DEFAULT) as movie:
        assert movie.header.size == (53, 1, 1, 64, 64)
        assert movie.header.dtype == truth.dtype == np.uint16
        assert all(np.array_equal(movie.source.read(t, 0, 0), truth[t]) for t in range(53))
    truth = frames_of(zstack)
    with open_scene(zstack, DEFAULT) as movie:
        assert movie.header.size == (1, 1, 11, 128, 128)
        assert all(np.array_equal(movie.source.read(0, 0, z), truth[z]) for z in range(11))


def test_times_are_seconds_as_the_microscope_stamped_them(timelapse):
    with nd2.ND2File(timelapse) as file:
        milliseconds = [file.frame_metadata(t).channels[0].time.relativeTimeMs for t in range(53)]
        recorded = [row["Time [s]"] for row in file.events()]
    with open_scene(timelapse, DEFAULT) as movie:
        header = movie.header
        times = inspect(movie, sample=1).times
    assert header.times_from == "planes"
    assert header.times.tolist() == recorded
    assert np.allclose(header.times * 1000, milliseconds, rtol=1e-14)
    # The experiment states a step of 500.16 ms on average.
    assert times.median_interval == pytest.approx(0.50016, abs=1e-5)
    assert times.first == pytest.approx(4.2272, abs=1e-4)


def test_header_says_what_nikon_says(timelapse, zstack):
    with open_scene(zstack, DEFAULT) as movie:
        header = movie.header
        assert (movie.format, movie.compression, movie.scenes) == ("ND2", None, ("0",))
    assert (header.pixel_size.z, header.pixel_size.unit) == (6.0, "µm")
    assert header.pixel_size.x == header.pixel_size.y == pytest.approx(0.32339, abs=1e-5)
    assert [(channel.name, channel.color) for channel in header.channels] == [("FITC BP", "#07ff00")]
    assert header.significant_bits is None
    with open_scene(timelapse, DEFAULT) as movie:
        assert movie.header.pixel_size.z is None
        assert movie.header.channels[0].name == "GFP 488 nm"


def test_ome_xml_holds_stamp_exposure_and_stage_of_every_plane(zstack):
    with nd2.ND2File(zstack) as file:
        rows = file.events()
    with open_scene(zstack, DEFAULT) as movie:
        xml = movie.header.metadata.ome_xml
    (image,) = parse_ome(xml, zstack).images
    assert image.sizes == {"T": 1, "C": 1, "Z": 11, "Y": 128, "X": 128}
    assert image.stamps == {0: rows[0]["Time [s]"]}
    for z, row in enumerate(rows):
        plane = xml.split(f'<Plane TheZ="{z}" ')[1].split("/>")[0]
        assert 'ExposureTime="0.5" ExposureTimeUnit="s"' in plane
        assert f'DeltaT="{row["Time [s]"]!r}" DeltaTUnit="s"' in plane
        assert f'PositionZ="{float(row["Z Coord [µm]"])!r}" PositionZUnit="µm"' in plane
    assert [row["Z Coord [µm]"] for row in rows[:2]] == pytest.approx([8806.58, 8812.58])


def test_ome_xml_is_the_same_on_every_reading(timelapse):
    documents = set()
    for _ in range(2):
        with open_scene(timelapse, DEFAULT) as movie:
            documents.add(movie.header.metadata.ome_xml)
    assert len(documents) == 1


def test_vendor_metadata_survive_json(timelapse):
    with open_scene(timelapse, DEFAULT) as movie:
        vendor = json.loads(json.dumps(movie.header.metadata.vendor, allow_nan=False))
    assert "Ti2 Microscope" in vendor["text_info"]["description"]
    assert vendor["custom_data"]["AppInfo_V1_0"]["VersionString"] == "5.42.03 (Build 1812)"
    assert vendor["events"][1]["Ti2 ZDrive [µm]"] == 5750.04
    assert set(vendor["metadata"]) >= {"ImageAttributesLV", "ImageMetadataSeqLV|0"}


def test_bioio_agrees(timelapse, zstack):
    bioio = pytest.importorskip("bioio")
    for path in (timelapse, zstack):
        reference = bioio.BioImage(path)
        with open_scene(path, DEFAULT) as movie:
            size, pixel = movie.header.size, movie.header.pixel_size
            assert size == reference.shape
            assert (pixel.y, pixel.x) == (reference.physical_pixel_sizes.Y, reference.physical_pixel_sizes.X)
            assert [channel.name for channel in movie.header.channels] == list(reference.channel_names)
            last = reference.get_image_data("YX", T=size.t - 1, Z=size.z - 1)
            assert np.array_equal(movie.source.read(size.t - 1, 0, size.z - 1), last)


def test_axes_option_takes_slices_as_frames(zstack):
    truth = frames_of(zstack)
    with open_scene(zstack, ReadOptions(axes="TYX")) as movie:
        assert movie.header.size == (11, 1, 1, 128, 128)
        assert movie.header.times is None
        assert np.array_equal(movie.source.read(4, 0, 0), truth[4])


def test_scene_that_is_not_there_is_refused(timelapse):
    with pytest.raises(CafiError, match="it has no scene 3; choose one of 0"):
        open_scene(timelapse, ReadOptions(scene=3))


def test_lost_frames_are_missing_and_read_as_zeros(tmp_path, timelapse):
    truth = frames_of(timelapse)
    content = timelapse.read_bytes()
    listed = content.rindex(b"ImageDataSeq|17!")
    path = tmp_path / "lost.nd2"
    path.write_bytes(content[:listed] + b"ImageLostSeq|17!" + content[listed + 16 :])
    with open_scene(path, DEFAULT) as movie:
        assert [t for t in range(53) if movie.source.is_missing(t, 0, 0)] == [17]
        assert not movie.source.read(17, 0, 0).any()
        assert np.array_equal(movie.source.read(18, 0, 0), truth[18])
        (channel,) = inspect(movie).channels
    assert [place.t for place in channel.missing] == [17]
    assert channel.blank == ()


def test_frame_beyond_the_end_of_the_file_is_one_sentence(tmp_path, timelapse):
    content = bytearray(timelapse.read_bytes())
    listed = content.rindex(b"ImageDataSeq|17!") + 16
    content[listed : listed + 8] = struct.pack("<Q", len(content) - 4100)
    path = tmp_path / "cut.nd2"
    path.write_bytes(content)
    with open_scene(path, DEFAULT) as movie:
        with pytest.raises(CafiError, match=r"frame t=17 \(c=0, z=0\) lies beyond the end of the file"):
            movie.source.read(17, 0, 0)
        assert movie.source.read(16, 0, 0).any()


def test_channels_interleaved_in_the_pixels_are_taken_apart(tmp_path, timelapse):
    truth = frames_of(timelapse)
    path = changed(timelapse, tmp_path / "two.nd2", uiWidth=32, uiComp=2)
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size == (53, 2, 1, 64, 32)
        for c in range(2):
            assert np.array_equal(movie.source.read(9, c, 0), truth[9][:, c::2])


def test_colour_pixels_in_padded_rows_are_samples(tmp_path, timelapse):
    truth = frames_of(timelapse)
    path = changed(timelapse, tmp_path / "rgb.nd2", uiWidth=21, uiComp=3)
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.size == (53, 1, 1, 64, 21)
        assert movie.header.samples == 3
        # A row of 21 pixels with 3 samples takes 126 of its 128 bytes.
        assert np.array_equal(movie.source.read(9, 0, 0), truth[9][:, :63].reshape(64, 21, 3))


def test_fewer_significant_bits_are_stated(tmp_path, timelapse):
    path = changed(timelapse, tmp_path / "bits.nd2", uiBpcSignificant=12)
    with open_scene(path, DEFAULT) as movie:
        assert movie.header.significant_bits == 12


def test_size_that_the_file_cannot_hold_is_refused_before_allocation(tmp_path, timelapse):
    path = changed(timelapse, tmp_path / "huge.nd2", uiHeight=2_000_000_000)
    with pytest.raises(CafiError, match="a frame is declared to be 256"):
        open_scene(path, DEFAULT)


def test_forgotten_movie_closes_its_file(timelapse):
    movie = open_scene(timelapse, DEFAULT)
    file = movie.source._file
    del movie
    gc.collect()
    assert file.closed


def test_planes_outlive_the_file_and_belong_to_the_caller(timelapse):
    with open_scene(timelapse, DEFAULT) as movie:
        plane = movie.source.read(0, 0, 0)
    plane += 1
    with open_scene(timelapse, DEFAULT) as movie:
        assert np.array_equal(movie.source.read(0, 0, 0) + 1, plane)


def test_threads_read_the_same_planes(timelapse):
    truth, found = frames_of(timelapse), {}
    with open_scene(timelapse, DEFAULT) as movie:
        threads = [
            threading.Thread(
                target=lambda start=start: found.update({t: movie.source.read(t, 0, 0) for t in range(start, 53, 4)})
            )
            for start in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(np.array_equal(found[t], truth[t]) for t in range(53))
