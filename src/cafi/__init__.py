"""Content-aware frame interpolation for live-cell microscopy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cafi.api.evaluate import evaluate as evaluate
    from cafi.api.finetune import finetune as finetune
    from cafi.api.interpolate import interpolate as interpolate
    from cafi.api.plan import plan as plan
    from cafi.api.read import read as read
    from cafi.api.report import make_report as make_report
    from cafi.api.restore import restore as restore
    from cafi.api.simulate import simulate as simulate
    from cafi.api.train import train as train
    from cafi.errors import CafiError as CafiError

__version__ = "0.1.0"

# Public name -> module. Loaded on first use, so that importing cafi costs nothing.
_PUBLIC = {
    "CafiError": "cafi.errors",
    "evaluate": "cafi.api.evaluate",
    "finetune": "cafi.api.finetune",
    "interpolate": "cafi.api.interpolate",
    "make_report": "cafi.api.report",
    "plan": "cafi.api.plan",
    "read": "cafi.api.read",
    "restore": "cafi.api.restore",
    "simulate": "cafi.api.simulate",
    "train": "cafi.api.train",
}
__all__ = [
    "CafiError",
    "__version__",
    "evaluate",
    "finetune",
    "interpolate",
    "make_report",
    "plan",
    "read",
    "restore",
    "simulate",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'cafi' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
