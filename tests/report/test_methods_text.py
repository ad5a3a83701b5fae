"""The text for a paper names what decided the predicted frames, and nothing else."""

import pytest

from cafi.interpolators import registry
from cafi.report.methods_text import KNOWN, interpolation_text
from cafi.timeline.build import build
from cafi.timeline.options import TimelineOptions

FRAMES = build(None, 5, "frame", TimelineOptions())[0]
MIXED = (
    "Where next to nothing moved, predictions were mixed with linear blending; its share, determined on held-out frames"
    " of the same movie, was "
)


def text(frames=FRAMES, **provenance):
    return list(interpolation_text(frames, {"method": "kymo", **provenance}))


def test_every_method_is_described():
    assert set(KNOWN) == set(registry.names())
    assert "the cubic (Lagrange) polynomial through the four acquired frames" in text(method="cubic")[0]


@pytest.mark.parametrize(
    ("shares", "told"), [([0.625], "62%."), ([0.5, 0.0], "50%, 0% by channel."), ([0.0, 0.0], None), ([], None)]
)
def test_what_was_mixed_with_linear_blending_is_told_where_it_was(shares, told):
    assert text(mixed=shares)[1:] == ([] if told is None else [MIXED + told])


def test_hot_pixels_are_told_and_that_they_are_blended_where_nothing_is_zoomed():
    hot = {"hot_pixels": [3, 0]}
    replaced = (
        "Hot or dead pixels of the camera (3, 0 by channel) were replaced by the median of their neighbours before"
    )
    assert text(normalisation=hot)[1:] == [
        f"{replaced} frames were predicted, and blended linearly in predicted frames."
    ]
    assert text(FRAMES.resampled(), normalisation=hot)[1:] == [f"{replaced} frames were predicted."]
    assert len(text(normalisation={"hot_pixels": [0, 0]})) == len(text()) == 1


def test_frames_are_counted_by_where_they_lie():
    assert "4 of 9 frames were predicted; acquired frames were left unchanged" in text()[0]
    assert "4 of 9 frames were predicted; acquired frames were enlarged" in text(FRAMES.resampled())[0]
