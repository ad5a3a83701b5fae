"""In how many bits a network is trained."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from cafi.errors import CafiError

Precision = Literal["auto", "float32", "bfloat16"]


def mixed_precision(precision: str, *, cpu: bool = False) -> str:
    """Translate a wish into a word of `accelerate`.

    Parameters
    ----------
    precision : 'auto', 'float32' or 'bfloat16'
        'auto' takes bfloat16 where the device computes in it: elsewhere it is emulated, on a CPU ten times slower.
    cpu : bool
        Whether a CPU trains even where there is an accelerator.

    Returns
    -------
    'no' or 'bf16'

    Raises
    ------
    CafiError
        If there is no such precision.
    """
    if precision not in get_args(Precision):
        raise CafiError(f"There is no precision '{precision}'; there are {', '.join(get_args(Precision))}.")
    if precision == "auto":
        return "bf16" if computes_in_bfloat16(cpu=cpu) else "no"
    return "bf16" if precision == "bfloat16" else "no"


def computes_in_bfloat16(*, cpu: bool = False) -> bool:
    """Tell whether the device on which `accelerate` trains has instructions for bfloat16."""
    if torch.cuda.is_available() and not cpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
