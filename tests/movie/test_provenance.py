import csv
import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.errors import CafiError
from cafi.movie import provenance
from cafi.movie.carried import info_text
from cafi.movie.frames import FrameTable
from cafi.movie.ome import build_ome_xml
from cafi.movie.plain import to_plain
from tests.movie.tables import doubled, header, table

RUN = {"method": "linear", "software": "cafi 0.1", "normalisation": [[0.1, 1e-300]], "messages": ["µ 'quoted' <&>\n"]}


def same(first: FrameTable, second: FrameTable) -> bool:
    columns = ("positions", "kind", "left", "fraction", "source_positions")
    exact = all(
        getattr(first, name).dtype == getattr(second, name).dtype
        and getattr(first, name).tobytes() == getattr(second, name).tobytes()
        for name in columns
    )
    return exact and (first.axis, first.unit) == (second.axis, second.unit)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=20, unique=True))
def test_every_container_returns_the_frame_table_bit_identical(positions: list[float]) -> None:
    frames = doubled(np.sort(np.array(positions)))
    if (np.diff(frames.positions) <= 0).any():
        return
    output = replace(header(t=len(frames)), frames=frames, provenance=RUN)
    found = [
        provenance.from_ome_xml(build_ome_xml(output)),
        provenance.from_imagej(info_text(output)),
        provenance.from_attributes(json.loads(json.dumps({"cafi": {"provenance": provenance.document(output)}}))),
    ]
    for each in found:
        assert each is not None
        assert same(each[0], frames)
        assert each[1] == RUN


def test_non_finite_floats_and_arrays_in_the_run_come_back() -> None:
    run = {"offset": float("inf"), "gain": np.float32(0.5), "table": np.arange(6, dtype=np.int16).reshape(2, 3)}
    output = replace(header(), frames=doubled(np.arange(2.0)), provenance=run)
    found = provenance.from_imagej(info_text(output))
    assert found is not None
    assert found[1]["offset"] == float("inf")
    assert found[1]["gain"] == 0.5
    np.testing.assert_array_equal(found[1]["table"], run["table"])


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "cafi/provenance",
        "<OME>cafi/provenance",
        '<!DOCTYPE x [<!ENTITY a "b">]><OME>"cafi/provenance"</OME>',
        '<OME><StructuredAnnotations><X Namespace="other">"cafi/provenance"</X></StructuredAnnotations></OME>',
        '<html Namespace="cafi/provenance"><Value>{}</Value></html>',
        "cafi/provenance\ud800\x00",
    ],
)
def test_foreign_or_broken_xml_holds_no_provenance(xml: str) -> None:
    assert provenance.from_ome_xml(xml) is None


@pytest.mark.parametrize("attributes", [{}, {"cafi": 3}, {"cafi": {}}, {"ome": {"version": "0.5"}}])
def test_foreign_attributes_hold_no_provenance(attributes: dict) -> None:
    assert provenance.from_attributes(attributes) is None


def test_foreign_info_holds_no_provenance() -> None:
    assert provenance.from_imagej("Title: my cafi provenance: {}\n") is None


def broken(**changes: object) -> str:
    document = provenance.document(replace(header(), frames=doubled(np.arange(3.0)), provenance={}))
    document["frames"].update(changes)
    return "cafi provenance: " + json.dumps(document)


@pytest.mark.parametrize(
    "info",
    [
        "cafi provenance: {",
        "cafi provenance: []",
        'cafi provenance: {"version":1}',
        "cafi provenance: " + "[" * 100_000,
        'cafi provenance: {"version":1,"frames":{},"run":{}}',
        broken(positions=[0, 1]),
        broken(positions=[0, 1, 1, 2, 3]),
        broken(positions=[0, 1, 2, 3, "x"]),
        broken(positions=[0, 1, 2, 3, float("nan")]),
        broken(kind="aiaix"),
        broken(left=[0, 0, 1, 1, 3]),
        broken(left=[0, 0, 1, 2, 2]),
        broken(left=[0, 0, 1, 1, -1]),
        broken(left=[0, 0, 1, 1, 2**70]),
        broken(fraction=[0, 1.0, 0, 0.5, 0]),
        broken(axis="c"),
        broken(unit=None),
    ],
)
def test_a_damaged_record_is_refused_in_one_sentence(info: str) -> None:
    with pytest.raises(CafiError, match="is damaged"):
        provenance.from_imagej(info)


def test_a_record_of_a_newer_version_is_refused() -> None:
    with pytest.raises(CafiError, match="newer cafi"):
        provenance.from_imagej('cafi provenance: {"version":2}')


def test_paths_and_numpy_scalars_become_json() -> None:
    assert to_plain({"a": Path("b"), "c": (np.int64(3), np.bool_(True))}) == {"a": "b", "c": [3, True]}


def test_csv_lists_every_frame_and_those_left_out_in_order(tmp_path: Path) -> None:
    frames = table([(0.1, 0, 0, 0.0), (0.35, 1, 1, 0.5), (0.7, 0, 3, 0.0)], [0.1, 0.3, 0.4, 0.7])
    path = tmp_path / "movie.csv"
    provenance.write_csv(path, replace(header(), frames=frames, provenance={}))
    assert path.read_text(encoding="utf-8") == (
        "index,time_s,kind,source_frame,gap_start,gap_end,t\n"
        "0,0.1,acquired,0,,,\n"
        ",0.3,left_out,1,,,\n"
        "1,0.35,interpolated,,1,2,0.5\n"
        ",0.4,left_out,2,,,\n"
        "2,0.7,acquired,3,,,\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["movie.csv"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1e9, allow_subnormal=True), min_size=2, max_size=10, unique=True))
def test_csv_positions_read_back_exactly(positions: list[float]) -> None:
    import tempfile

    frames = doubled(np.sort(np.array(positions)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        provenance.write_csv(path, replace(header(), frames=frames, provenance={}))
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
    assert [float(row["time_s"]) for row in rows] == frames.positions.tolist()


def test_csv_of_depths_names_their_unit(tmp_path: Path) -> None:
    frames = doubled(np.arange(2.0), "z", "µm")
    provenance.write_csv(tmp_path / "a.csv", replace(header(), frames=frames, provenance={}))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").startswith("index,depth_µm,kind")


def test_a_csv_that_finds_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CafiError, match="no space left"):
        provenance.write_csv(tmp_path / "a.csv", replace(header(), frames=doubled(np.arange(2.0)), provenance={}))


def test_a_header_without_frame_table_has_no_provenance(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frame table"):
        provenance.to_json(header())
    with pytest.raises(ValueError, match="frame table"):
        provenance.write_csv(tmp_path / "a.csv", header())
