from dataclasses import replace
from typing import Any

import numpy as np
import ome_types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roifile import ImagejRoi

from cafi.errors import CafiError
from cafi.movie.frames import ACQUIRED, INTERPOLATED, RESAMPLED, FrameTable
from cafi.movie.imagej_index import labels
from cafi.movie.model import PixelSize, SourceMetadata
from cafi.movie.ome_tree import NAMESPACE, load
from cafi.movie.reindex import output_header, regular_step, restore_header, restored_movie
from tests.helpers import array_movie
from tests.movie.tables import doubled, header, table


def ome_source(t: int, c: int = 1, z: int = 1, shapes: str = "") -> SourceMetadata:
    planes = "".join(
        f'<Plane TheZ="{k}" TheT="{i}" TheC="{j}" DeltaT="{100.0 * i + 10 * k + j}" DeltaTUnit="ms"'
        f' ExposureTime="{0.01 * (i + 1)}" PositionX="{i}" PositionXUnit="µm">'
        f'<AnnotationRef ID="Annotation:{i}"/></Plane>'
        for i in range(t)
        for k in range(z)
        for j in range(c)
    )
    notes = "".join(f'<TagAnnotation ID="Annotation:{i}"><Value>frame {i}</Value></TagAnnotation>' for i in range(t))
    channels = "".join(f'<Channel ID="Channel:0:{j}"/>' for j in range(c))
    rois = f'<ROI ID="ROI:0"><Union>{shapes}</Union></ROI>' if shapes else ""
    roi_ref = '<ROIRef ID="ROI:0"/>' if shapes else ""
    return SourceMetadata(
        ome_xml=f'<OME xmlns="{NAMESPACE}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT"'
        f' Type="uint16" SizeX="5" SizeY="4" SizeZ="{z}" SizeC="{c}" SizeT="{t}">{channels}<TiffData/>{planes}'
        f"</Pixels>{roi_ref}</Image><StructuredAnnotations>{notes}</StructuredAnnotations>{rois}</OME>"
    )


def planes_of(metadata: SourceMetadata) -> dict[tuple[int, int, int], Any]:
    tree = load(metadata.ome_xml, metadata.image_index)
    assert tree is not None
    return {(plane.t, plane.c, plane.z): plane for plane in tree.planes}


def test_output_times_and_size_come_from_the_frame_table() -> None:
    frames = doubled(np.array([0.1, 0.5, 1.3]))
    output = output_header(header(t=3, times=np.array([0.1, 0.5, 1.3]), times_from="planes"), frames, {"a": 1})
    assert output.size.t == 5
    np.testing.assert_array_equal(output.times, [0.1, 0.3, 0.5, 0.9, 1.3])
    assert (output.times_from, output.provenance, output.frames) == ("planes", {"a": 1}, frames)


def test_frames_without_times_stay_without_times() -> None:
    output = output_header(header(t=3), doubled(np.arange(3.0), unit="frame"), {})
    assert (output.times, output.times_from) == (None, None)


def test_depth_gets_its_new_spacing_and_times_stay() -> None:
    times = np.array([0.0, 2.0])
    source = header(t=2, z=4, times=times, pixel_size=PixelSize(0.3, 0.1, 0.1))
    output = output_header(source, doubled(np.arange(4) * 0.3, "z", "µm"), {})
    assert output.size.z == 7
    assert output.pixel_size == PixelSize(0.15, 0.1, 0.1)
    np.testing.assert_array_equal(output.times, times)


def test_irregular_depths_have_no_single_spacing() -> None:
    source = header(z=3, pixel_size=PixelSize(0.3, 0.1, 0.1))
    frames = table([(0.0, 0, 0, 0.0), (0.1, 1, 0, 1 / 3), (0.3, 0, 1, 0.0)], [0.0, 0.3, 0.6], "z")
    assert output_header(source, frames, {}).pixel_size.z is None


def test_acquired_planes_move_and_interpolated_ones_get_only_a_time() -> None:
    source = header(t=3, c=2, metadata=ome_source(3, c=2))
    output = output_header(source, doubled(np.array([0.0, 0.1, 0.2])), {})
    planes = planes_of(output.metadata)
    assert len(planes) == 10
    moved = planes[4, 1, 0]
    assert moved.measures == {
        "DeltaT": "201.0",
        "DeltaTUnit": "ms",
        "ExposureTime": "0.03",
        "PositionX": "2",
        "PositionXUnit": "µm",
    }
    assert moved.annotations == ("Annotation:2",)
    assert planes[3, 1, 0].measures == {"DeltaT": "151.0", "DeltaTUnit": "ms"}
    assert planes[3, 1, 0].annotations == ()
    ome_types.from_xml(output.metadata.ome_xml, validate=True)


def test_interpolated_slices_get_the_time_between_their_neighbours() -> None:
    source = header(t=2, z=3, metadata=ome_source(2, z=3))
    output = output_header(source, doubled(np.arange(3.0), "z", "µm"), {})
    planes = planes_of(output.metadata)
    assert float(planes[1, 0, 3].measures["DeltaT"]) == 115.0
    assert float(planes[1, 0, 4].measures["DeltaT"]) == 120.0
    assert "ExposureTime" not in planes[1, 0, 3].measures
    assert planes[1, 0, 4].measures["ExposureTime"] == "0.02"


def test_gaps_between_frames_that_are_left_out_still_know_their_times() -> None:
    source = header(t=4, metadata=ome_source(4))
    frames = table([(0.0, 0, 0, 0.0), (0.15, 1, 1, 0.5), (0.275, 1, 2, 0.75)], [0.0, 0.1, 0.2, 0.3])
    planes = planes_of(output_header(source, frames, {}).metadata)
    assert [float(planes[t, 0, 0].measures["DeltaT"]) for t in range(3)] == [0.0, 150.0, 275.0]


def test_rois_follow_their_frames() -> None:
    places = ('TheT="2"', "", 'TheT="1"')
    shapes = "".join(f'<Point ID="Shape:{i}" X="1" Y="1" {place}/>' for i, place in enumerate(places))
    source = header(t=3, metadata=ome_source(3, shapes=shapes))
    frames = table([(0.0, 0, 0, 0.0), (0.05, 1, 0, 0.5), (0.2, 0, 2, 0.0)], [0.0, 0.1, 0.2])
    ome = ome_types.from_xml(output_header(source, frames, {}).metadata.ome_xml, validate=True)
    assert [(shape.id, shape.the_t) for shape in ome.rois[0].union] == [("Shape:0", 2), ("Shape:1", None)]


def test_a_roi_whose_only_frame_is_left_out_goes_with_its_references() -> None:
    source = header(t=3, metadata=ome_source(3, shapes='<Point ID="Shape:0" X="1" Y="1" TheT="1"/>'))
    frames = table([(0.0, 0, 0, 0.0), (0.2, 0, 2, 0.0)], [0.0, 0.1, 0.2])
    ome = ome_types.from_xml(output_header(source, frames, {}).metadata.ome_xml, validate=True)
    assert (ome.rois, ome.images[0].roi_refs) == ([], [])


def test_planes_of_other_sizes_than_the_movie_are_not_believed() -> None:
    source = header(t=2, metadata=ome_source(3))
    assert planes_of(output_header(source, doubled(np.arange(2.0)), {}).metadata) == {}


def roi(t: int = 0, z: int = 0, c: int = 0, position: int = 0) -> bytes:
    made = ImagejRoi.frompoints([[1, 1], [3, 1], [3, 4]], name="cell", t=t - 1, z=z - 1, c=c - 1)
    made.position = position
    encoded: bytes = made.tobytes()
    return encoded


def test_imagej_labels_and_overlays_move() -> None:
    imagej = {
        "frames": 3,
        "channels": 2,
        "images": 6,
        "Labels": [f"t{t}c{c}" for t in range(3) for c in range(2)],
        "Overlays": [roi(t=3, c=1), roi(t=2), roi(position=5), roi()],
        "ROI": roi(position=1),
        "Info": "made by hand",
    }
    frames = table([(0.0, 0, 0, 0.0), (0.15, 1, 1, 0.5), (0.2, 0, 2, 0.0)], [0.0, 0.1, 0.2])
    output = output_header(header(t=3, c=2, metadata=SourceMetadata(imagej=imagej)), frames, {})
    moved = output.metadata.imagej
    assert moved is not None
    assert moved["Labels"] == ["t0c0", "t0c1", "", "", "t2c0", "t2c1"]
    found = [ImagejRoi.frombytes(each) for each in moved["Overlays"]]
    assert [(each.t_position, each.c_position, each.position) for each in found] == [(3, 1, 0), (0, 0, 5), (0, 0, 0)]
    assert [each.name for each in found] == ["cell"] * 3
    assert ImagejRoi.frombytes(moved["ROI"]).position == 1
    assert (moved["frames"], moved["images"], moved["Info"]) == (3, 6, "made by hand")
    assert labels(output) == [
        *("acquired 0 t0c0", "acquired 0 t0c1", "interpolated 1-2 t=0.5", "interpolated 1-2 t=0.5"),
        *("acquired 2 t2c0", "acquired 2 t2c1"),
    ]


def test_imagej_positions_move_along_z_too() -> None:
    imagej = {"slices": 2, "Overlays": [roi(z=2), roi(position=4)], "Labels": ["a", "b", "c", "d"]}
    source = header(t=2, z=2, metadata=SourceMetadata(imagej=imagej))
    moved = output_header(source, doubled(np.arange(2.0), "z", "µm"), {}).metadata.imagej
    assert moved is not None
    found = [ImagejRoi.frombytes(each) for each in moved["Overlays"]]
    assert [(each.z_position, each.position) for each in found] == [(3, 0), (0, 6)]
    assert moved["Labels"] == ["a", "", "b", "c", "", "d"]
    assert moved["slices"] == 3


@pytest.mark.parametrize("data", [b"", b"Iout", b"Iout" + bytes(60), b"Iout" + b"\xff" * 80, b"none" + bytes(100)])
def test_rois_that_cannot_be_understood_stay_as_they_are(data: bytes) -> None:
    imagej = {"Overlays": [data]}
    moved = output_header(header(t=2, metadata=SourceMetadata(imagej=imagej)), doubled(np.arange(2.0)), {})
    assert moved.metadata.imagej == {"Overlays": [data]}


def test_restoring_undoes_the_output_header() -> None:
    times = np.array([0.1, 0.30000000000000004, 1 / 3])
    imagej = {"Labels": ["a", "b", "c"], "Overlays": [roi(t=2)], "frames": 3}
    metadata = replace(ome_source(3, shapes='<Point ID="Shape:0" X="1" Y="1" TheT="1"/>'), imagej=imagej)
    source = header(t=3, times=times, times_from="planes", metadata=metadata)
    restored, indices = restore_header(output_header(source, doubled(times), {"a": 1}))
    assert indices.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(restored.times, times)
    assert (restored.size, restored.frames, restored.provenance) == (source.size, None, None)
    assert planes_of(restored.metadata) == planes_of(metadata)
    assert restored.metadata.imagej == imagej
    tree = load(restored.metadata.ome_xml, 0)
    assert tree is not None
    assert [shape.get("TheT") for shape in tree.root.iter(f"{{{NAMESPACE}}}Point")] == ["1"]


def test_restored_frames_close_up_where_some_were_left_out() -> None:
    frames = table([(0.0, 0, 0, 0.0), (0.15, 1, 1, 0.5), (0.2, 0, 2, 0.0)], [0.0, 0.1, 0.2])
    source = header(t=3, times=np.array([0.0, 0.1, 0.2]), times_from="interval", metadata=ome_source(3))
    output = output_header(source, frames, {})
    restored, indices = restore_header(output)
    assert indices.tolist() == [0, 2]
    assert restored.times is not None
    assert restored.times.tolist() == [0.0, 0.2]
    assert output.frames is not None
    assert output.frames.left_out.tolist() == [1]
    assert {place[0]: plane.annotations for place, plane in planes_of(restored.metadata).items()} == {
        0: ("Annotation:0",),
        1: ("Annotation:2",),
    }


def test_restored_depth_has_its_own_spacing_again() -> None:
    source = header(z=4, pixel_size=PixelSize(0.3, 0.1, 0.1))
    restored, _ = restore_header(output_header(source, doubled(np.arange(4) * 0.3, "z", "µm"), {}))
    assert restored.pixel_size == source.pixel_size


@pytest.mark.parametrize("kind", [INTERPOLATED, RESAMPLED])
def test_nothing_acquired_means_nothing_to_restore(kind: int) -> None:
    frames = replace(doubled(np.arange(3.0)), kind=np.full(5, kind, np.uint8))
    with pytest.raises(CafiError, match="no acquired frame can be restored"):
        restore_header(header(t=5, frames=frames))


def test_a_movie_without_marks_cannot_be_restored() -> None:
    with pytest.raises(CafiError, match="holds no record"):
        restore_header(header())


def test_restored_movies_read_only_the_acquired_planes() -> None:
    pixels = np.arange(2 * 5 * 1 * 3 * 2 * 2, dtype=np.uint16).reshape(5, 2, 3, 2, 2)
    whole = array_movie(pixels, frames=doubled(np.arange(3.0)))
    restored = restored_movie(whole)
    np.testing.assert_array_equal(restored.frame(1, 2), pixels[2, :, 2])
    assert whole.source.reads == [(2, 0, 2), (2, 1, 2)]  # type: ignore[attr-defined]
    assert not restored.source.is_missing(2, 0, 0)
    along_z = array_movie(pixels, frames=doubled(np.arange(2.0), "z", "µm"))
    np.testing.assert_array_equal(restored_movie(along_z).frame(4, 1), pixels[4, :, 2])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_frame_table_restores_the_metadata_of_the_acquired_frames(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 6))
    kept = sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=1)))
    rows = [(float(left), ACQUIRED, left, 0.0) for left in kept]
    gaps = data.draw(st.sets(st.integers(0, count - 2))) if count > 1 else set()
    rows += [(left + 0.25, INTERPOLATED, left, 0.25) for left in gaps]
    frames: FrameTable = table(sorted(rows), [float(i) for i in range(count)])
    source = header(t=count, c=2, times=np.arange(float(count)), metadata=ome_source(count, c=2))
    restored, indices = restore_header(output_header(source, frames, {}))
    before, after = planes_of(source.metadata), planes_of(restored.metadata)
    assert len(indices) == len(kept)
    for new, old in enumerate(kept):
        assert after[new, 1, 0].measures == before[old, 1, 0].measures


def test_regular_step_is_the_number_that_the_file_stated() -> None:
    for step in (0.1, 0.3, 1 / 3, 2.5, 1e-9):
        assert regular_step(np.arange(50) * step) == step
        assert regular_step(7.7 + np.arange(50) * step) == pytest.approx(step, rel=1e-6)
    assert regular_step(np.array([0.0, 1.0, 2.1])) is None
    assert regular_step(np.array([0.0])) is None
