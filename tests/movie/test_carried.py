import json
from typing import Any

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.movie.carried import (
    fields_from_attributes,
    fields_from_imagej,
    fields_from_ome_xml,
    header_document,
    info_text,
    original_metadata,
)
from cafi.movie.model import Channel, PixelSize, SourceMetadata
from cafi.movie.ome import build_ome_xml
from tests.movie.tables import header

FIELDS: dict[str, Any] = {
    "times": np.array([0.1, 0.30000000000000004, 1 / 3]),
    "times_from": "interval",
    "pixel_size": PixelSize(None, 0.1, 1 / 3, "nm"),
    "channels": (Channel("GFP µ", "#00ff00"),),
    "significant_bits": 12,
}


def test_header_fields_come_back_exactly() -> None:
    source = header(**FIELDS)
    attributes = json.loads(json.dumps({"cafi": {"header": header_document(source)}}))
    for found in (fields_from_imagej(info_text(source)), fields_from_attributes(attributes)):
        assert found.pop("name") == "movie"
        assert found.pop("times").tolist() == FIELDS["times"].tolist()
        assert found == {key: value for key, value in FIELDS.items() if key != "times"}
    found = fields_from_ome_xml(build_ome_xml(source))
    assert found.pop("times").tolist() == FIELDS["times"].tolist()
    assert found == {"times_from": "interval"}


def test_foreign_files_have_none() -> None:
    assert fields_from_imagej("Title: x") == {}
    assert fields_from_ome_xml("<OME/>") == {}
    assert fields_from_attributes({}) == {}
    assert fields_from_attributes({"cafi": None}) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"times": [1, 0]},
        {"times": [0, float("inf")]},
        {"times": 3},
        {"times_from": "guess"},
        {"pixel_size": {"y": "wide"}},
        {"pixel_size": {"depth": 1}},
        {"channels": [{"name": 3}]},
        {"channels": 3},
        {"significant_bits": "12"},
    ],
)
def test_damaged_fields_are_refused_in_one_sentence(change: dict[str, Any]) -> None:
    with pytest.raises(CafiError, match="is damaged"):
        fields_from_attributes({"cafi": {"header": header_document(header(**FIELDS)) | change}})


@pytest.mark.parametrize("own", ["Title: x\nsecond", "Title: x\n", "\n"])
def test_metadata_of_an_imagej_source_come_back_from_its_own_format(own: str) -> None:
    imagej = {"Info": own, "frames": 3}
    metadata = SourceMetadata(ome_xml="<OME/>", image_index=2, imagej=imagej, vendor={"a": b"\x00\xff"})
    info = info_text(header(metadata=metadata))
    assert original_metadata(SourceMetadata(imagej={"Info": info, "frames": 3})) == metadata


def test_a_source_without_imagej_metadata_has_none_afterwards() -> None:
    info = info_text(header())
    assert original_metadata(SourceMetadata(imagej={"Info": info, "frames": 3})) == SourceMetadata()


def test_foreign_metadata_come_back_unchanged() -> None:
    foreign = SourceMetadata(ome_xml="<OME>", imagej={"Info": "cafi is mentioned"}, vendor={"a": 1})
    assert original_metadata(foreign) == foreign


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"other":1}', '{"vendor":3}', '{"image_index":null}', '{"vendor":{"a":{"$bytes":"?"}}}']
)
def test_damaged_source_metadata_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(CafiError, match="is damaged"):
        original_metadata(SourceMetadata(imagej={"Info": f"cafi source metadata: {text}"}))
