"""OME-TIFF: calibration, stamps, channels, several files, several images, and contradictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.model import Channel, PixelSize
from cafi.movie.options import ReadOptions
from cafi.movie.reading import list_scenes, open_movie
from tests.movie.reading.reading_helpers import assert_identical, pixels, planes_of, read_all

PLANES = pixels((4, 2, 3, 18, 21))
NAMESPACE = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def ome(path: Path, planes: Any = PLANES, axes: str = "TCZYX", **metadata: Any) -> Path:
    tifffile.imwrite(path, planes, photometric="minisblack", metadata={"axes": axes, **metadata})
    return path


def stamps(*times: float, planes: int = 6) -> dict[str, Any]:
    """DeltaT of all planes: the later ones of a frame a little later."""
    return {"Plane": {"DeltaT": [t + 0.001 * plane for t in times for plane in range(planes)]}}


def xml(pixels_content: str, pixels_attributes: str = "", uuid: str = "", size_t: int = 4) -> str:
    return (
        f'<OME {NAMESPACE} {uuid}><Image ID="Image:0" Name="cells"><Pixels ID="Pixels:0" DimensionOrder="XYZCT"'
        f' Type="uint16" SizeX="21" SizeY="18" SizeZ="1" SizeC="1" SizeT="{size_t}" {pixels_attributes}>'
        f"{pixels_content}</Pixels></Image></OME>"
    )


def with_xml(path: Path, frames: Any, description: str) -> Path:
    tifffile.imwrite(path, frames, photometric="minisblack", description=description, metadata=None)
    return path


def test_units_become_micrometres_and_seconds(tmp_path: Path) -> None:
    units = {"PhysicalSizeX": 300, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.4, "PhysicalSizeZ": 1e-3}
    path = ome(tmp_path / "a.ome.tif", **units, PhysicalSizeZUnit="mm", TimeIncrement=500, TimeIncrementUnit="ms")
    header = read_all(path)[0].header
    assert header.pixel_size == PixelSize(1.0, 0.4, 0.3)
    assert header.times is not None
    assert (header.times.tolist(), header.times_from) == ([0, 0.5, 1, 1.5], "interval")


def test_sizes_in_pixels_stay_in_pixels(tmp_path: Path) -> None:
    units = {f"PhysicalSize{axis}": 2 for axis in "XY"} | {f"PhysicalSize{axis}Unit": "pixel" for axis in "XY"}
    assert read_all(ome(tmp_path / "a.ome.tif", **units))[0].header.pixel_size == PixelSize(None, 2, 2, "pixel")


def test_irregular_stamps_are_kept_and_the_first_plane_of_a_frame_counts(tmp_path: Path) -> None:
    header = read_all(ome(tmp_path / "a.ome.tif", **stamps(0.1, 1.0, 2.5, 3.0), TimeIncrement=1.0))[0].header
    assert header.times is not None
    assert (header.times.tolist(), header.times_from) == ([0.1, 1.0, 2.5, 3.0], "planes")


@pytest.mark.parametrize(
    ("times", "fault"),
    [((0, 2, 1, 3), "do not increase at frame 2"), ((0, 0, 0, 0), "do not increase at frame 1")],
)
def test_stamps_that_do_not_increase_give_way_to_the_interval_and_this_is_told(
    tmp_path: Path, times: tuple[float, ...], fault: str
) -> None:
    movie, _ = read_all(ome(tmp_path / "a.ome.tif", **stamps(*times), TimeIncrement=1.5))
    assert movie.header.times is not None
    assert (movie.header.times.tolist(), movie.header.times_from) == ([0, 1.5, 3, 4.5], "interval")
    assert movie.assumptions == (f"The file's time stamps {fault}; its frame interval of 1.5 s was taken instead.",)
    movie, _ = read_all(ome(tmp_path / "b.ome.tif", **stamps(*times)))
    assert (movie.header.times, movie.header.times_from) == (None, None)
    assert movie.assumptions == (f"The file's time stamps {fault}; the frames were taken as evenly spaced.",)


def test_stamps_of_some_frames_only_are_told(tmp_path: Path) -> None:
    planes = "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{t}"/>' for t in (0, 1, 3))
    path = with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], xml("<TiffData/>" + planes))
    assert "do not cover all 4 frames" in read_all(path)[0].assumptions[0]


def test_stamps_have_units(tmp_path: Path) -> None:
    planes = "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{t * t}" DeltaTUnit="min"/>' for t in range(4))
    header = read_all(with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], xml("<TiffData/>" + planes)))[0].header
    assert header.times is not None
    assert header.times.tolist() == [0, 60, 240, 540]


def test_channels_bits_name_and_the_whole_xml_are_kept(tmp_path: Path) -> None:
    path = ome(
        tmp_path / "a.ome.tif",
        PLANES % 4096,
        Name="cells",
        SignificantBits=12,
        Channel={"Name": ["GFP", "RFP"], "Color": [16711935, -16776961]},
    )
    header = read_all(path)[0].header
    assert header.channels == (Channel("GFP", "#00ff00"), Channel("RFP", "#ff0000"))
    assert (header.name, header.significant_bits, header.metadata.image_index) == ("cells", 12, 0)
    assert header.metadata.ome_xml == tifffile.tiffcomment(path)


def test_axes_override_the_xml(tmp_path: Path) -> None:
    found = read_all(ome(tmp_path / "a.ome.tif"), axes="ZCTYX")[1]
    assert_identical(found, np.ascontiguousarray(PLANES.transpose(2, 1, 0, 3, 4)))


def test_images_are_scenes(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    others = pixels((5, 7, 9))
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(PLANES, photometric="minisblack", metadata={"axes": "TCZYX", "Name": "first"})
        writer.write(others, photometric="minisblack", metadata={"axes": "TYX", "Name": "second"})
    assert list_scenes(path) == ("first", "second")
    movie, found = read_all(path, scene=1)
    assert_identical(found, others[:, None, None])
    assert (movie.scene, movie.header.name, movie.header.metadata.image_index) == (1, "second", 1)
    assert_identical(read_all(path)[1], PLANES)
    with pytest.raises(CafiError, match=r"no scene 7; choose one of 0 \(first\), 1 \(second\)"):
        open_movie(path, ReadOptions(scene=7))


def several_files(folder: Path, frames: Any = PLANES[:, 0, 0]) -> list[Path]:
    """Four frames in two files."""
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{number}" for number in range(2)]
    data = "".join(
        f'<TiffData FirstT="{t}" IFD="{t % 2}" PlaneCount="1">'
        f'<UUID FileName="part{t // 2}.ome.tif">{uuids[t // 2]}</UUID></TiffData>'
        for t in range(4)
    )
    files = [folder / f"part{number}.ome.tif" for number in range(2)]
    for number, file in enumerate(files):
        with_xml(file, frames[2 * number : 2 * number + 2], xml(data, uuid=f'UUID="{uuids[number]}"'))
    return files


@pytest.mark.parametrize("number", [0, 1])
def test_a_movie_in_several_files_is_opened_by_any_of_them(tmp_path: Path, number: int) -> None:
    movie, found = read_all(several_files(tmp_path)[number])
    assert_identical(found, PLANES[:, 0, 0][:, None, None])
    assert movie.assumptions == ()


def test_missing_files_are_missing_planes_and_this_is_told(tmp_path: Path) -> None:
    first, second = several_files(tmp_path)
    second.unlink()
    with open_movie(first) as movie:
        assert movie.assumptions == ("2 of 4 planes are missing (part1.ome.tif not found) and are read as zeros.",)
        assert [movie.source.is_missing(t, 0, 0) for t in range(4)] == [False, False, True, True]
        assert_identical(movie.source.read(1, 0, 0), PLANES[1, 0, 0])
        assert not movie.source.read(2, 0, 0).any()


def test_a_renamed_file_still_knows_itself(tmp_path: Path) -> None:
    first, _ = several_files(tmp_path)
    renamed = first.rename(tmp_path / "other.ome.tif")
    assert_identical(read_all(renamed)[1], PLANES[:, 0, 0][:, None, None])
    data = '<TiffData IFD="0" PlaneCount="4"><UUID FileName="before.ome.tif">urn:uuid:1</UUID></TiffData>'
    alone = with_xml(tmp_path / "after.ome.tif", PLANES[:, 0, 0], xml(data))
    assert_identical(read_all(alone)[1], PLANES[:, 0, 0][:, None, None])


def test_a_companion_file_holds_the_metadata(tmp_path: Path) -> None:
    data = '<TiffData IFD="0" PlaneCount="4"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>'
    companion = tmp_path / "a.companion.ome"
    companion.write_text(xml(data, 'TimeIncrement="2"'))
    pointer = f'<OME {NAMESPACE} UUID="urn:uuid:1"><BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:2"/></OME>'
    image = with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], pointer)
    for path in (image, companion):
        movie, found = read_all(path)
        assert_identical(found, PLANES[:, 0, 0][:, None, None])
        assert movie.header.times is not None
        assert movie.header.times[1] == 2
    companion.unlink()
    movie, found = read_all(image)
    assert_identical(found, PLANES[:, 0, 0][:, None, None])
    assert "metadata of this file are in another file that is not there" in movie.assumptions[0]


def test_files_outside_of_the_folder_are_not_opened(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with_xml(tmp_path / "secret.ome.tif", PLANES[:, 0, 0], xml("<TiffData/>"))
    data = "".join(
        f'<TiffData FirstT="{t}" IFD="{t}"><UUID FileName="{name}">urn:uuid:{t}</UUID></TiffData>'
        for t, name in enumerate(("a.ome.tif", "../secret.ome.tif", f"{tmp_path}/secret.ome.tif", "a.ome.tif"))
    )
    with open_movie(with_xml(inner / "a.ome.tif", PLANES[:, 0, 0], xml(data))) as movie:
        assert [movie.source.is_missing(t, 0, 0) for t in range(4)] == [False, True, True, False]


def test_an_acquisition_that_was_stopped_early_has_missing_planes(tmp_path: Path) -> None:
    with open_movie(with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], xml("<TiffData/>", size_t=7))) as movie:
        assert movie.header.size.t == 7
        assert movie.assumptions == ("3 of 7 planes are missing and are read as zeros.",)
        assert [movie.source.is_missing(t, 0, 0) for t in range(7)] == [False] * 4 + [True] * 3
        assert planes_of(movie).shape == (7, 1, 1, 18, 21)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('SizeX="21"', 'SizeX="9"'), "states planes of 18x9"),
        (('SizeX="21"', 'SizeX="2000000000"'), "states planes of 18x2000000000"),
        (('SizeX="21"', 'SizeX="99999999999999999999"'), "too large"),
        (('SizeT="4"', 'SizeT="2000000000"'), "states 2000000000 planes, but only 4 are there"),
        (('SizeT="4"', 'SizeT="0"'), "a size of 0"),
        (('SizeT="4"', 'SizeT="many"'), "no valid SizeT"),
        (('SizeT="4"', ""), "no valid SizeT"),
        (('"XYZCT"', '"XYZTT"'), "no valid DimensionOrder"),
        (("<TiffData/>", '<TiffData FirstT="4" IFD="0"/>'), "outside of the image"),
        (("<TiffData/>", '<TiffData IFD="9"/>'), "none of the planes"),
        (("</Pixels>", ""), "cannot be understood"),
        (("<Image", "<Imago"), "cannot be understood"),
    ],
)
def test_metadata_that_contradict_themselves_are_refused(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    description = xml("<TiffData/>").replace(*change)
    path = with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], description)
    with pytest.raises(CafiError, match=problem) as refusal:
        open_movie(path)
    assert str(path) in str(refusal.value)


def test_entities_do_not_grow(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "boom">{entities}]>' + xml("<TiffData/>").replace("cells", "&e11;")
    with pytest.raises(CafiError, match="cannot be understood"):
        open_movie(with_xml(tmp_path / "a.ome.tif", PLANES[:, 0, 0], bomb))
