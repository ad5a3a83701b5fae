"""The first table says who is best, by how much, and what could not be told."""

import math

from cafi.quality.overview import overview
from tests.quality.test_statistics import evaluation


def test_the_best_comes_first_beside_the_best_classical_method():
    [table] = overview([evaluation(cubic=[29.0] * 6, linear=[30.0] * 6, kymo=[31.0] * 6)])
    found = {row[0]: row[1:3] for row in table.rows}
    assert list(found) == ["kymo", "linear", "cubic"]
    assert found["kymo"] == ("31.00", "+1.00 ± 0.00 better")
    assert found["linear"] == ("30.00", "best")
    assert found["cubic"] == ("29.00", "-1.00 ± 0.00 worse")
    assert {row[3:5] for row in table.rows} == {("-", "-")}  # no SSIM was taken


def test_many_movies_are_shown_by_their_mean_alone():
    movies = [evaluation(f"{i}.tif", linear=[30.0 + i] * 5, kymo=[math.nan] * 5) for i in range(7)]
    [table] = overview(movies)
    assert table.title.startswith("Mean over 7 movies")
    assert table.rows == (("linear", "33.00", "best", "-", "-"), ("kymo", "-", "-", "-", "-"))
