"""Nuclear segmentation: whether the same objects are found in a predicted frame as in the measured one."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from cafi.errors import CafiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Segmenter = Callable[[NDArray[np.floating]], NDArray[np.int32]]

Segmentation = Literal["threshold", "cellpose", "stardist"]

SMOOTHING = 2.0  # pixels (standard deviation) before the threshold
SMALLEST = 30  # pixels: what is smaller is no nucleus
OVERLAP = 0.5  # intersection over union from which two objects are the same


@dataclass(frozen=True)
class SegmentationScores:
    """How alike two segmentations of a frame are.

    Attributes
    ----------
    dice : float
        2 |A and B| / (|A| + |B|) of the foreground; NaN where both are empty.
    average_precision : float
        Objects that match, over these, objects missed and objects invented, at an intersection over union of at
        least 0.5; NaN where there are no objects.
    true_count, count : int
        Objects in the truth, and found.
    """

    dice: float
    average_precision: float
    true_count: int
    count: int


def compare(truth: NDArray[np.int32], found: NDArray[np.int32], overlap: float = OVERLAP) -> SegmentationScores:
    """Compare two label images.

    Average precision is that of the Data Science Bowl 2018 (Caicedo et al., Nature Methods 2019), which StarDist and
    Cellpose report too: TP / (TP + FP + FN), with objects paired one to one so that most match.

    Parameters
    ----------
    truth, found : ndarray of int, shape (Y, X)
        0 is background.
    overlap : float
        Intersection over union from which two objects match.

    Returns
    -------
    SegmentationScores
    """
    a, b = truth > 0, found > 0
    area = int(a.sum() + b.sum())
    iou = _intersection_over_union(truth, found)
    rows, columns = linear_sum_assignment(-(iou >= overlap).astype(float) - 1e-3 * iou)
    matches = int((iou[rows, columns] >= overlap).sum())
    objects = sum(iou.shape) - matches
    return SegmentationScores(
        dice=2 * int((a & b).sum()) / area if area else float("nan"),
        average_precision=matches / objects if objects else float("nan"),
        true_count=iou.shape[0],
        count=iou.shape[1],
    )


def _intersection_over_union(truth: NDArray[np.int32], found: NDArray[np.int32]) -> NDArray[np.float64]:
    """Of every true object with every one found, shape (true, found)."""
    _, first = np.unique(truth, return_inverse=True)
    _, second = np.unique(found, return_inverse=True)
    # Background comes first where there is any.
    first, second = (index.ravel() + int(labels.min() > 0) for index, labels in ((first, truth), (second, found)))
    columns = int(second.max()) + 1
    both = np.bincount(first * columns + second, minlength=(int(first.max()) + 1) * columns).reshape(-1, columns)
    areas = both.sum(1, keepdims=True) + both.sum(0, keepdims=True) - both
    shared: NDArray[np.float64] = (both / np.maximum(areas, 1))[1:, 1:]
    return shared


def make_segmenter(kind: Segmentation, frames: Sequence[NDArray[np.floating]]) -> Segmenter:
    """Return a function from a frame to labels; whatever it needs to know is measured on acquired frames.

    Parameters
    ----------
    kind : 'threshold', 'cellpose' or 'stardist'
        'threshold' needs nothing but cafi: the threshold of least cross-entropy (Li and Lee 1993), which dim nuclei
        pass beside bright ones, and parts separated by a watershed. The others take
        their own pre-trained networks from where those packages keep them.
    frames : sequence of ndarray of float, each of shape (Y, X)
        A few acquired ones.

    Raises
    ------
    CafiError
        If the package is not installed.
    """
    if kind == "threshold":
        return _thresholding(frames)
    try:
        package = importlib.import_module(f"{kind}.models")
    except ImportError as error:
        raise CafiError(
            f"--segmenter {kind} needs the package {kind}, which is not installed; pip install {kind}, or take"
            " --segmenter threshold."
        ) from error
    if kind == "cellpose":
        model = package.CellposeModel()
        return lambda frame: np.asarray(model.eval(frame)[0], np.int32)
    model = package.StarDist2D.from_pretrained("2D_versatile_fluo")
    scale = np.percentile(np.stack(list(frames)), (1, 99.8))
    return lambda frame: np.asarray(
        model.predict_instances((frame - scale[0]) / max(scale[1] - scale[0], 1e-9))[0], np.int32
    )


def _thresholding(frames: Sequence[NDArray[np.floating]]) -> Segmenter:
    from skimage.filters import threshold_li

    smooth = np.stack([ndimage.gaussian_filter(np.asarray(frame, np.float64), SMOOTHING) for frame in frames])
    threshold = float(threshold_li(smooth)) if np.ptp(smooth) > 0 else float("inf")  # type: ignore[no-untyped-call]
    return lambda frame: threshold_and_watershed(frame, threshold)


def threshold_and_watershed(frame: NDArray[np.floating], threshold: float) -> NDArray[np.int32]:
    """Label bright objects; those that touch are separated at the necks between them.

    Parameters
    ----------
    frame : ndarray of float, shape (Y, X)
    threshold : float
        Of the frame smoothed by a Gaussian of 2 px.

    Returns
    -------
    ndarray of int32, shape (Y, X)
        0 is background.
    """
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    inside = ndimage.gaussian_filter(np.asarray(frame, np.float64), SMOOTHING) > threshold
    inside = ndimage.binary_fill_holes(inside)
    pieces, _ = ndimage.label(inside)
    sizes = np.bincount(pieces.ravel())
    pieces[(sizes < SMALLEST)[pieces]] = 0
    if not pieces.any():
        return np.zeros(frame.shape, np.int32)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(pieces > 0), 1)
    apart = max(3, int(np.sqrt(np.median(sizes[1:][sizes[1:] >= SMALLEST]) / np.pi) * 0.7))
    seeds = peak_local_max(  # type: ignore[no-untyped-call]
        depth, min_distance=apart, labels=pieces, exclude_border=False
    )
    markers = np.zeros(frame.shape, np.int32)
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    found = watershed(-depth, markers, mask=pieces > 0)  # type: ignore[no-untyped-call]
    return np.asarray(found, np.int32)
