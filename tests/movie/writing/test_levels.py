import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cafi.movie.writing.levels import halved, level_sizes, step_factors


def test_levels_end_at_the_smallest_size() -> None:
    assert level_sizes(1300, 700) == [(1300, 700), (650, 350), (325, 175), (163, 88)]
    assert level_sizes(256, 3) == [(256, 3)]
    assert level_sizes(1, 600) == [(1, 600), (1, 300), (1, 150)]
    assert step_factors(level_sizes(1, 600)) == [(1, 1), (1, 2), (1, 4)]


INTEGERS = [np.dtype(name) for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")]


@given(
    hnp.arrays(
        st.sampled_from(INTEGERS), st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 5)), fill=st.nothing()
    )
)
def test_integers_are_exact_means_rounded_half_up(planes: np.ndarray) -> None:
    found = halved(planes)
    assert found.dtype == planes.dtype
    c, y, x = planes.shape
    assert found.shape == (c, (y + 1) // 2, (x + 1) // 2)
    for index in np.ndindex(found.shape):
        rows = [min(2 * index[1] + k, y - 1) for k in (0, 1)]
        columns = [min(2 * index[2] + k, x - 1) for k in (0, 1)]
        total = sum(int(planes[index[0], row, column]) for row in rows for column in columns)
        assert int(found[index]) == (total + 2) // 4


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_means_that_do_not_overflow(dtype: str) -> None:
    top = np.finfo(dtype).max
    planes = np.array([[[1, 2, top, top], [3, 6, top, top]]], dtype=dtype)
    np.testing.assert_array_equal(halved(planes), np.array([[[3, top]]], dtype=dtype))


def test_non_finite_values_reach_only_their_own_pixel() -> None:
    planes = np.array([[[np.inf, 1, 1, 1, np.nan, 0], [-np.inf, 1, 1, 1, 0, 0]]], dtype=np.float32)
    np.testing.assert_array_equal(halved(planes), np.array([[[np.nan, 1, np.nan]]], dtype=np.float32))


def test_rgb_and_masks() -> None:
    rgb = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(halved(rgb), [[[[5, 6, 7]]]])
    np.testing.assert_array_equal(halved(np.array([[[True, False], [True, False]]])), [[[True]]])
