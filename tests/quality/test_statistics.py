"""Intervals hold what they promise, and 'better' is said only when it is shown."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from cafi.quality.results import Evaluation, FrameScore, HeldOut, MethodRun, Target
from cafi.quality.statistics import best_classical, gap_means, over_movies, over_time, summarise, summarise_movies


def evaluation(movie="m", metric="psnr", subset=(), **methods):
    """One gap for each value; methods in ``subset`` filled the gaps that they have values for."""
    count = max(len(values) for values in methods.values())
    targets = tuple(Target(2 * gap + 1, gap, 0.5) for gap in range(count))
    scores, runs = [], []
    for method, values in methods.items():
        scores += [FrameScore(method, 2 * g + 1, g, 0.5, 0, {metric: v}) for g, v in enumerate(values)]
        runs.append(MethodRun(method, 0.1, 1.0, method in subset, tuple(range(len(values)))))
    held_out = HeldOut(tuple(range(0, 2 * count + 1, 2)), targets)
    return Evaluation(movie, 2, ("0",), tuple(methods), held_out, tuple(scores), tuple(runs))


@pytest.mark.parametrize(("correlation", "count", "least"), [(0.0, 8, 0.94), (0.3, 12, 0.90), (0.6, 30, 0.90)])
def test_the_interval_covers_the_true_mean_of_correlated_frames(correlation, count, least):
    rng = np.random.default_rng(0)
    series = lfilter([1], [1, -correlation], rng.standard_normal((800, count + 100)), axis=1)[:, 100:]
    found = [over_time(values) for values in series]
    covered = np.mean([mean.low <= 0 <= mean.high for mean in found])
    assert least <= covered <= 0.99


def test_without_correlation_the_interval_is_at_least_students():
    values = np.array([1.0, -1, 1, -1, 1, -1, 1.5, -1.5])
    mean = over_time(values)
    half = stats.t.ppf(0.975, 7) * values.std(ddof=1) / math.sqrt(8)
    assert (mean.value, mean.count) == (0.0, 8)
    assert (mean.low, mean.high) == pytest.approx((-half, half))


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [1.0, math.inf, 2.0, 3.0, 4.0]])
def test_too_little_gives_no_interval(values):
    mean = over_time(np.array(values))
    assert math.isnan(mean.low)
    assert math.isnan(mean.high)


def test_refused_frames_do_not_count():
    assert over_time(np.array([1.0, math.nan, 1.0, 1.0, 1.0])).count == 4


def test_a_method_is_better_only_where_the_interval_excludes_nothing():
    rng = np.random.default_rng(0)
    hard = rng.normal(30, 5, 20)  # frames differ much more than methods do
    e = evaluation(
        linear=hard,
        cubic=hard - 1,
        kymo=hard + 0.3 + rng.normal(0, 0.1, 20),
        duplicate=hard + rng.normal(0, 0.1, 20) - 0.05,
    )
    rows = {row.method: row for row in summarise(e, "psnr")}
    assert rows["linear"].comparison is None
    assert rows["kymo"].comparison.verdict == "better"
    assert rows["kymo"].comparison.difference.value == pytest.approx(0.3, abs=0.1)
    assert rows["cubic"].comparison.verdict == "worse"
    close = evaluation(linear=hard, kymo=hard + rng.normal(0, 0.5, 20))
    assert summarise(close, "psnr")[1].comparison.verdict == "no difference shown"


def test_less_error_is_better():
    errors = np.linspace(0.1, 0.2, 10)
    e = evaluation(metric="nrmse", linear=errors, cubic=errors * 2, kymo=errors * 0.5)
    assert best_classical(e, "nrmse") == "linear"
    assert [r.comparison and r.comparison.verdict for r in summarise(e, "nrmse")] == [None, "worse", "better"]


def test_nothing_is_called_better_by_a_metric_that_calls_nothing_good():
    e = evaluation(metric="noise_ratio", linear=[0.7] * 6, kymo=[0.3] * 6)
    assert [row.comparison for row in summarise(e, "noise_ratio")] == [None, None]


def test_pairs_are_the_gaps_that_all_methods_filled():
    e = evaluation(subset=("kymo",), linear=[30.0, 30, 30, 30, 90, 90], kymo=[31.0, 31, 31, 31])
    kymo = summarise(e, "psnr")[1]
    assert kymo.comparison.difference.count == 4
    assert kymo.comparison.difference.value == pytest.approx(1.0)
    assert summarise(e, "psnr")[0].mean.value == pytest.approx(50.0)


def test_frames_and_channels_of_a_gap_are_averaged_and_one_channel_can_stand_alone():
    scores = tuple(FrameScore("linear", f, 0, 0.3 * f, c, {"psnr": 10.0 * c + f}) for f in (1, 2) for c in (0, 1))
    e = Evaluation("m", 3, ("a", "b"), ("linear",), HeldOut((0, 3), ()), scores, ())
    assert gap_means(e, "linear", "psnr").tolist() == [6.5]
    assert gap_means(e, "linear", "psnr", channel=1).tolist() == [11.5]


def test_movies_count_alike_and_each_has_its_own_best_classical_method():
    first = evaluation("a", linear=[30.0] * 9, cubic=[29.0] * 9, kymo=[31.0] * 9)
    second = evaluation("b", linear=[20.0] * 5, cubic=[22.0] * 5, kymo=[24.0] * 5)
    third = evaluation("c", linear=[20.0] * 5, cubic=[19.0] * 5, kymo=[21.5] * 5)
    rows = {row.method: row for row in summarise_movies([first, second, third], "psnr")}
    assert rows["kymo"].mean.value == pytest.approx((31 + 24 + 21.5) / 3)
    assert rows["kymo"].comparison.difference.value == pytest.approx((1 + 2 + 1.5) / 3)
    assert rows["kymo"].comparison.verdict == "better"
    assert rows["linear"].comparison.difference.value == pytest.approx(-2 / 3)
    assert rows["linear"].comparison.verdict == "no difference shown"
    half = stats.t.ppf(0.975, 2) * np.std([1, 2, 1.5], ddof=1) / math.sqrt(3)
    assert over_movies([1.0, 2.0, 1.5]).high - 1.5 == pytest.approx(half)


def test_without_a_classical_method_nothing_is_compared():
    [row] = summarise(evaluation(kymo=[30.0] * 6), "psnr")
    assert (row.comparison, row.best_classical) == (None, False)
    refused = evaluation(linear=[math.nan] * 6, kymo=[math.nan] * 6)
    assert [(r.comparison, r.best_classical) for r in summarise_movies([refused], "psnr")] == [(None, False)] * 2
