"""JSON text that brings every value back: numpy arrays, bytes and non-finite floats included."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from cafi.errors import CafiError


def dumps(value: Any) -> str:
    """Return compact JSON in ASCII, so that it survives any container's text encoding."""
    return json.dumps(to_plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def loads(text: str) -> Any:
    """Read JSON text; what `to_plain` coded stays coded.

    Raises
    ------
    CafiError
        If it is no JSON, or nested without end.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged() from error


def to_plain(value: Any) -> Any:
    """Turn numpy values, bytes and non-finite floats into JSON values; see `from_plain`."""
    import numpy as np

    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"$array": data, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    return value if value is None or isinstance(value, str | int | float) else str(value)


def from_plain(value: Any) -> Any:
    """Undo `to_plain`; tuples come back as lists.

    Raises
    ------
    CafiError
        If a coded value is damaged.
    """
    try:
        return _decoded(value)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged() from error


def _decoded(value: Any) -> Any:
    import numpy as np

    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"], validate=True)
    if "$float" in value:
        return float(value["$float"])
    if "$array" in value:
        data = base64.b64decode(value["$array"], validate=True)
        return np.frombuffer(data, np.dtype(value["dtype"])).reshape(value["shape"])
    return {key: _decoded(item) for key, item in value.items()}


def damaged() -> CafiError:
    """Return the error that says that something which cafi once wrote cannot be read any more."""
    return CafiError(
        "The record that cafi keeps in this file (which frames are acquired, how it was made) is damaged; "
        "make the file again from the original movie."
    )
