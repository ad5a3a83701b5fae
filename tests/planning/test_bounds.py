"""Bounds of quality as people type them."""

import pytest

from cafi.errors import CafiError
from cafi.planning.bounds import Bound, parse_bound


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("ssim>=0.9", Bound("ssim", 0.9)),
        (" PSNR ≥ 30 dB ", Bound("psnr", 30)),
        ("tracking>=.8", Bound("tracking", 0.8)),
        ("attained>=0.95", Bound("attained", 0.95)),
    ],
)
def test_bounds_are_understood(text, bound):
    assert parse_bound(text) == bound
    assert parse_bound(str(bound)) == bound


@pytest.mark.parametrize(
    "text", ["ssim", "ssim>0.9", "beauty>=1", "ssim>=nine", "", "ssim>=1.5", "tracking>=0", "attained>=1.1"]
)
def test_what_is_no_bound_is_refused_with_the_text_itself(text):
    with pytest.raises(CafiError, match=f"'{text}'"):
        parse_bound(text)
