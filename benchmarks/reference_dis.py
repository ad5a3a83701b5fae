"""The classical reference in as few lines as possible: DIS both ways, each frame warped to t, plain average."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def predict(first: NDArray[np.float32], last: NDArray[np.float32], t: float) -> NDArray[np.float32]:
    """Predict the frame at time t between two frames (Y, X), normalised so that [0, 1] is 0.1-99.9 %."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    a, b = (np.clip(frame * 255, 0, 255).round().astype(np.uint8) for frame in (first, last))
    forward, backward = dis.calc(a, b, None), dis.calc(b, a, None)
    return 0.5 * (_warp(first, t * backward) + _warp(last, (1 - t) * forward))


def predict_own(first: NDArray[np.float32], last: NDArray[np.float32], t: float) -> NDArray[np.float32]:
    """The same, each frame warped against its own flow instead of along the other's."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    a, b = (np.clip(frame * 255, 0, 255).round().astype(np.uint8) for frame in (first, last))
    forward, backward = dis.calc(a, b, None), dis.calc(b, a, None)
    return 0.5 * (_warp(first, -t * forward) + _warp(last, -(1 - t) * backward))


def _warp(image: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[Any]:
    height, width = image.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
