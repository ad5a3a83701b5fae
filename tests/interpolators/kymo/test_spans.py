"""Spans cover an axis once, and know where in what they see they lie."""

import pytest

from cafi.interpolators.kymo.spans import shrunk, spans


@pytest.mark.parametrize(("length", "largest", "margin"), [(100, 32, 8), (96, 96, 8), (64, 128, 16), (40, 8, 8)])
def test_spans_cover_an_axis_once(length, largest, margin):
    axis = list(range(length))
    found = spans(length, largest, margin)
    assert [i for span in found for i in axis[span.kept]] == axis
    for span in found:
        assert axis[span.seen][span.within] == axis[span.kept]
        assert span.length == len(axis[span.kept]) <= largest
        assert span.seen.start == max(0, span.kept.start - margin)
        assert span.seen.stop == min(length, span.kept.stop + margin)


def test_a_coarser_grid_has_the_same_place():
    assert shrunk(slice(24, 64), 4) == slice(6, 16)
