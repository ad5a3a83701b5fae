import re
import time
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import ome_types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.movie.carried import original_metadata
from cafi.movie.model import Channel, Header, PixelSize, SourceMetadata
from cafi.movie.ome import build_ome_xml
from cafi.movie.ome_tree import NAMESPACE, parse
from tests.movie.tables import doubled, header

SOURCE = f"""<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="{NAMESPACE}" UUID="urn:uuid:11111111-2222-3333-4444-555555555555" Creator="other">
 <Dataset ID="Dataset:0"><ImageRef ID="Image:0"/><ImageRef ID="Image:1"/></Dataset>
 <Experimenter ID="Experimenter:0" FirstName="Ada"/>
 <Instrument ID="Instrument:0">
  <Objective ID="Objective:0" Model="Plan Apo λ" LensNA="1.4"/>
 </Instrument>
 <Image ID="Image:0" Name="the other one">
  <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1">
   <Channel ID="Channel:0:0"/><TiffData/>
  </Pixels>
  <ROIRef ID="ROI:0"/>
 </Image>
 <Image ID="Image:1" Name="ours">
  <AcquisitionDate>2020-01-02T03:04:05</AcquisitionDate>
  <ExperimenterRef ID="Experimenter:0"/>
  <InstrumentRef ID="Instrument:0"/>
  <ObjectiveSettings ID="Objective:0" RefractiveIndex="1.5"/>
  <Pixels ID="Pixels:1" DimensionOrder="XYZCT" Type="uint16" SizeX="5" SizeY="4" SizeZ="1" SizeC="2" SizeT="3"
    BigEndian="true">
   <Channel ID="Channel:1:0" Name="DAPI" ExcitationWavelength="405" EmissionWavelength="450"/>
   <Channel ID="Channel:1:1" Name="GFP" ExcitationWavelength="488"/>
   <TiffData FirstC="0" IFD="7">
    <UUID FileName="a.ome.tif">urn:uuid:11111111-2222-3333-4444-555555555555</UUID></TiffData>
   <Plane TheZ="0" TheT="0" TheC="0" DeltaT="100" DeltaTUnit="ms" ExposureTime="0.02"
     PositionX="1.25" PositionXUnit="mm"><AnnotationRef ID="Annotation:5"/><AnnotationRef ID="Annotation:404"/></Plane>
   <Plane TheZ="0" TheT="1" TheC="0" DeltaT="nan" ExposureTime="0.03" PositionY="7" PositionYUnit="parsec"/>
   <Plane TheZ="0" TheT="9" TheC="0" DeltaT="5"/>
  </Pixels>
  <ROIRef ID="ROI:1"/>
 </Image>
 <StructuredAnnotations>
  <TagAnnotation ID="Annotation:5"><Value>dim &amp; blurred</Value></TagAnnotation>
  <XMLAnnotation ID="Annotation:6"><Value><Made xmlns="http://example.org/made">by hand</Made></Value></XMLAnnotation>
 </StructuredAnnotations>
 <ROI ID="ROI:0"><Union><Point ID="Shape:0" X="1" Y="1"/></Union></ROI>
 <ROI ID="ROI:1"><Union><Point ID="Shape:1" X="2" Y="2" TheT="1"/></Union></ROI>
</OME>"""


def with_source(xml: str = SOURCE, image_index: int = 1, **fields: Any) -> Header:
    channels = (Channel("DAPI", "#0000ff"), Channel("GFP", None))
    metadata = SourceMetadata(ome_xml=xml, image_index=image_index)
    return header(c=2, channels=channels, metadata=metadata, **fields)


def valid(xml: str) -> ome_types.OME:
    return ome_types.from_xml(xml, validate=True)


def test_the_source_tree_is_kept_with_only_the_right_image() -> None:
    ome = valid(build_ome_xml(with_source()))
    assert [image.name for image in ome.images] == ["movie"]
    assert str(ome.images[0].acquisition_date) == "2020-01-02 03:04:05"
    assert ome.experimenters[0].first_name == "Ada"
    assert ome.instruments[0].objectives[0].model == "Plan Apo λ"
    assert [channel.excitation_wavelength for channel in ome.images[0].pixels.channels] == [405, 488]
    assert [roi.id for roi in ome.rois] == ["ROI:1"]
    assert [ref.id for ref in ome.datasets[0].image_refs] == ["Image:1"]
    assert "by hand" in build_ome_xml(with_source())
    assert "dim &amp; blurred" in build_ome_xml(with_source())


def test_planes_keep_what_is_sound_and_lose_what_is_not() -> None:
    planes = {(p.the_t, p.the_c): p for p in valid(build_ome_xml(with_source())).images[0].pixels.planes}
    assert len(planes) == 6
    first, second = planes[0, 0], planes[1, 0]
    assert (first.delta_t, first.delta_t_unit.value, first.exposure_time) == (100, "ms", 0.02)
    assert (first.position_x, first.position_x_unit.value) == (1.25, "mm")
    assert [ref.id for ref in first.annotation_refs] == ["Annotation:5"]
    assert (second.delta_t, second.exposure_time, second.position_y) == (None, 0.03, None)


def test_pixels_state_what_the_header_says() -> None:
    stated = with_source(
        dtype="float32",
        times=np.array([0.5, 0.75, 1.0]),
        pixel_size=PixelSize(0.3, 0.1, 0.11, "µm"),
        significant_bits=12,
    )
    pixels = valid(build_ome_xml(stated)).images[0].pixels
    assert pixels.type.value == "float"
    assert pixels.dimension_order.value == "XYCZT"
    assert (pixels.size_t, pixels.size_c, pixels.size_z, pixels.size_y, pixels.size_x) == (3, 2, 1, 4, 5)
    assert (pixels.physical_size_z, pixels.physical_size_y, pixels.physical_size_x) == (0.3, 0.1, 0.11)
    assert pixels.physical_size_x_unit.value == "µm"
    assert (pixels.time_increment, pixels.time_increment_unit.value) == (0.25, "s")
    assert (pixels.significant_bits, pixels.big_endian) == (12, False)
    assert [(data.ifd, data.plane_count) for data in pixels.tiff_data_blocks] == [(0, 6)]
    assert [channel.name for channel in pixels.channels] == ["DAPI", "GFP"]
    assert pixels.channels[0].color.as_rgb_tuple() == (0, 0, 255)
    times = {(plane.the_t, plane.the_c): plane.delta_t for plane in pixels.planes}
    assert times[1, 0] == 0.75
    assert times[2, 1] == 1.0


def test_irregular_times_have_no_increment_but_exact_plane_times() -> None:
    times = np.array([0.1, 0.30000000000000004, 1 / 3])
    pixels = valid(build_ome_xml(header(times=times))).images[0].pixels
    assert pixels.time_increment is None
    assert [plane.delta_t for plane in pixels.planes] == times.tolist()


def test_every_plane_says_whether_it_was_acquired() -> None:
    frames = doubled(np.array([0.0, 1.0]))
    output = header(t=3, z=2, times=frames.positions, frames=frames, provenance={})
    ome = valid(build_ome_xml(output))
    values = {tag.id: tag.value for tag in ome.structured_annotations.tag_annotations}
    marks = [values[plane.annotation_refs[-1].id] for plane in ome.images[0].pixels.planes]
    assert marks == ["acquired", "acquired", "interpolated", "interpolated", "acquired", "acquired"]


def test_marks_follow_z_where_depth_was_interpolated() -> None:
    frames = doubled(np.array([0.0, 1.0]), "z", "µm")
    ome = valid(build_ome_xml(header(t=2, z=3, frames=frames, provenance={})))
    marks = [(p.the_t, p.the_z, p.annotation_refs[-1].id) for p in ome.images[0].pixels.planes]
    assert [mark for *_, mark in marks[:3]] == [
        f"Annotation:cafi-{kind}" for kind in ("acquired", "interpolated", "acquired")
    ]


def test_rgb_channels_have_three_samples() -> None:
    ome = valid(build_ome_xml(header(c=2, dtype="uint8", samples=3)))
    pixels = ome.images[0].pixels
    assert (pixels.size_c, pixels.interleaved) == (6, True)
    assert [channel.samples_per_pixel for channel in pixels.channels] == [3, 3]
    assert pixels.tiff_data_blocks[0].plane_count == 6


def test_the_uuid_and_the_whole_text_are_the_same_each_time() -> None:
    output = header(frames=doubled(np.array([0.0, 1.0])), provenance={"source": "abc"})
    first, other = build_ome_xml(output), build_ome_xml(replace(output, provenance={"source": "abd"}))
    assert first == build_ome_xml(output)
    uuids = [re.search('UUID="([^"]*)"', xml) for xml in (first, other)]
    assert None not in uuids
    assert uuids[0][1] != uuids[1][1]


def test_vendor_and_imagej_metadata_are_carried_and_come_back() -> None:
    tables = [np.arange(768, dtype=np.uint8).reshape(3, 256)]
    metadata = SourceMetadata(
        imagej={"Info": "Title: x", "LUTs": tables, "ROI": b"Iout\x00", "Ranges": (0.0, 1.5)},
        vendor={"exposure": [1.5, None, "µs"], "limit": float("inf")},
    )
    xml = build_ome_xml(header(metadata=metadata))
    valid(xml)
    found = original_metadata(SourceMetadata(ome_xml=xml, vendor={"Software": "cafi"}))
    assert found.ome_xml is None
    assert found.vendor == metadata.vendor
    assert found.imagej is not None
    assert (found.imagej["Info"], found.imagej["ROI"], found.imagej["Ranges"]) == ("Title: x", b"Iout\x00", [0.0, 1.5])
    np.testing.assert_array_equal(found.imagej["LUTs"][0], tables[0])


def test_what_cafi_wrote_into_a_source_is_not_written_twice() -> None:
    frames = doubled(np.array([0.0, 1.0]))
    output = with_source(frames=frames, provenance={})
    again = replace(output, metadata=SourceMetadata(ome_xml=build_ome_xml(output)))
    assert build_ome_xml(again).count("cafi/provenance") == 1
    assert build_ome_xml(again) == build_ome_xml(output)


@pytest.mark.parametrize("schema", ["2012-06", "2013-06", "2015-01"])
def test_older_schemas_are_converted(schema: str) -> None:
    old = f"http://www.openmicroscopy.org/Schemas/OME/{schema}"
    xml = f"""<OME xmlns="{old}"><Instrument ID="Instrument:0"><Objective ID="Objective:0" Model="Plan"/></Instrument>
    <Image ID="Image:0"><AcquisitionDate>2012-01-02T03:04:05</AcquisitionDate>
    <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="5" SizeY="4" SizeZ="1" SizeC="2" SizeT="3">
    <Channel ID="Channel:0:0" ExcitationWavelength="405"/><Channel ID="Channel:0:1"/><TiffData/>
    <Plane TheZ="0" TheT="0" TheC="0" DeltaT="1.5"/></Pixels></Image></OME>"""
    ome = valid(build_ome_xml(with_source(xml, 0)))
    assert ome.instruments[0].objectives[0].model == "Plan"
    assert ome.images[0].pixels.channels[0].excitation_wavelength == 405
    assert ome.images[0].pixels.planes[0].delta_t == 1.5


BILLION = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "xml",
    [
        "no xml",
        "<OME/>",
        SOURCE[:1500],
        BILLION + SOURCE.split("?>")[1],
        SOURCE.replace('Type="uint16"', 'Type="uint17"'),
        SOURCE.replace("<Instrument ID=", "<Instrumnet ID=").replace("</Instrument>", "</Instrumnet>"),
        f'<OME xmlns="{NAMESPACE}">' + "<a>" * 3000 + "</a>" * 3000 + "</OME>",
        "<OME>\x00</OME>",
        "\ud800",
    ],
)
def test_what_cannot_be_kept_as_a_tree_is_kept_as_text(xml: str) -> None:
    built = build_ome_xml(with_source(xml))
    valid(built)
    assert original_metadata(SourceMetadata(ome_xml=built)).ome_xml == xml


def test_an_image_that_the_xml_lacks_makes_a_fresh_tree() -> None:
    ome = valid(build_ome_xml(with_source(image_index=2)))
    assert not ome.instruments
    assert ome.images[0].pixels.size_c == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SOURCE) - 1), st.text(min_size=0, max_size=3), st.integers(0, 40))
def test_damaged_source_xml_never_makes_an_invalid_file(place: int, text: str, cut: int) -> None:
    xml = SOURCE[:place] + text + SOURCE[place + cut :]
    root = parse(build_ome_xml(with_source(xml)))
    assert root is not None
    from cafi.movie.ome_tree import is_valid

    assert is_valid(root)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=20), st.text(max_size=10))
def test_any_name_and_unit_can_be_written(name: str, unit: str) -> None:
    named = header(channels=(Channel(name, None),), pixel_size=PixelSize(1.0, 1.0, 1.0, unit))
    valid(build_ome_xml(replace(named, name=name)))


def test_eight_thousand_planes_take_under_a_second_and_30_megabytes() -> None:
    times = np.cumsum(np.linspace(0.1, 0.2, 4000))
    frames = doubled(times)
    output = header(t=len(frames), times=frames.positions, frames=frames, provenance={})
    output = replace(output, metadata=SourceMetadata(ome_xml=build_ome_xml(output)))
    build_ome_xml(header())
    tracemalloc.start()
    build_ome_xml(output)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    begin = time.process_time()
    build_ome_xml(output)
    assert time.process_time() - begin < 1
    assert peak < 30e6
