"""Scores of hand-made label images, and nuclei that are found where they were put."""

import math
import sys

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.quality.segmentation import compare, make_segmenter, threshold_and_watershed


def labels(*boxes, shape=(20, 40)):
    """Rectangles (top, left, height, width), counted from 1."""
    image = np.zeros(shape, np.int32)
    for label, (y, x, h, w) in enumerate(boxes, 1):
        image[y : y + h, x : x + w] = label
    return image


A, B = (2, 2, 10, 10), (2, 20, 10, 10)


@pytest.mark.parametrize(
    ("found", "dice", "precision", "count"),
    [
        (labels(A, B), 1, 1, 2),
        (labels(B, A), 1, 1, 2),  # numbers do not matter
        (labels(A), 2 * 100 / 300, 1 / 2, 1),
        (labels(A, B, (15, 2, 4, 5)), 2 * 200 / 420, 2 / 3, 3),
        # Shifted by 3 px: IoU 70 / 130 = 0.54 matches; by 4 px: 60 / 140 = 0.43 does not, and is missed and invented.
        (labels((2, 5, 10, 10), B), 2 * 170 / 400, 1, 2),
        (labels((2, 6, 10, 10), B), 2 * 160 / 400, 1 / 3, 2),
        # Both in one: 200 of 280 pixels overlap, IoU with each 100 / 280.
        (labels((2, 2, 10, 28)), 2 * 200 / 480, 0, 1),
        # One cut exactly in half: IoU 0.5 each, but only one of them may match.
        (labels((2, 2, 10, 5), B, (2, 7, 10, 5)), 1, 2 / 3, 3),
        (labels(), 0, 0, 0),
    ],
)
def test_scores_of_hand_cases(found, dice, precision, count):
    scores = compare(labels(A, B), found)
    assert (scores.dice, scores.average_precision) == pytest.approx((dice, precision))
    assert (scores.true_count, scores.count) == (2, count)


def test_nothing_to_find_has_no_score_and_no_background_is_no_matter():
    empty = compare(labels(), labels())
    assert math.isnan(empty.dice)
    assert math.isnan(empty.average_precision)
    full = np.ones((20, 40), np.int32)
    assert compare(full, full).average_precision == 1
    assert compare(full, full).true_count == 1


def nuclei(noise, seed=0):
    """Five discs of radius 8, two of which touch, blurred edges, in noise."""
    y, x = np.mgrid[:96, :128]
    truth = np.zeros(y.shape, np.int32)
    for label, (a, b) in enumerate([(20, 20), (20, 60), (70, 30), (60, 80), (60, 95)], 1):
        truth[(y - a) ** 2 + (x - b) ** 2 <= 64] = label
    light = 100 + 400 * (truth > 0)
    return truth, np.random.default_rng(seed).normal(light, noise)


def test_touching_nuclei_are_found_apart_in_noise():
    truth, frame = nuclei(noise=80)
    found = make_segmenter("threshold", [frame])(frame)
    scores = compare(truth, found)
    assert (scores.count, scores.average_precision) == (5, 1)
    # The threshold of least cross-entropy lies low, and smoothing by 2 px widens what it cuts.
    assert 0.85 < scores.dice < 0.95


def test_specks_are_no_nuclei():
    _, frame = nuclei(noise=0)
    frame[50, 5] = 9e3
    assert threshold_and_watershed(frame, 300).max() == 5


def test_a_constant_movie_has_no_nuclei():
    frame = np.full((30, 30), 5.0)
    assert make_segmenter("threshold", [frame])(frame).max() == 0


@pytest.mark.parametrize("package", ["cellpose", "stardist"])
def test_without_the_package_one_sentence_says_what_to_do(package, monkeypatch):
    monkeypatch.setitem(sys.modules, f"{package}.models", None)
    with pytest.raises(CafiError, match=f"^--segmenter {package} .* pip install {package}, or take --segmenter"):
        make_segmenter(package, [np.zeros((8, 8))])
