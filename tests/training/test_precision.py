import pytest
import torch

from cafi.errors import CafiError
from cafi.training.precision import mixed_precision


@pytest.mark.parametrize(
    ("gpu", "gpu_has", "cpu_has", "expected"),
    [(True, True, False, "bf16"), (True, False, True, "no"), (False, True, True, "bf16"), (False, True, False, "no")],
)
def test_auto_takes_bfloat16_only_where_the_device_computes_in_it(monkeypatch, gpu, gpu_has, cpu_has, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: gpu_has)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: cpu_has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert mixed_precision("auto") == expected


def test_a_wish_is_kept_and_nonsense_refused():
    assert mixed_precision("bfloat16") == "bf16"
    assert mixed_precision("float32") == "no"
    with pytest.raises(CafiError, match="no precision 'float8'; there are auto, float32, bfloat16"):
        mixed_precision("float8")
