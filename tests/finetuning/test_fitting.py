import pytest
import torch

from cafi.errors import CafiError
from cafi.finetuning import fitting
from cafi.finetuning.fitting import Fit, fit
from cafi.finetuning.tuning import trainee_of
from cafi.finetuning.windows import Kind
from tests.finetuning.helpers import noisy, reel_of, tiny_base

CPU = torch.device("cpu")


@pytest.fixture
def trying(tmp_path, monkeypatch):
    """Find a fit on a machine whose steps cost so much for each pixel of a window."""

    def go(seconds, needed, memory="1GB", multiple=32):
        def measure(_trainee, _network, _reels, kind, _device):
            pixels = kind.largest**2
            return pixels * seconds, pixels * needed

        monkeypatch.setattr(fitting, "_measure", measure)
        return fit(trainee_of(tiny_base(tmp_path)), [], Kind(False, multiple, 0, 1), CPU, memory)

    return go


def test_a_fast_machine_takes_large_windows(trying):
    assert trying(0.1 / 256**2, 100) == Fit(256, 4, 25)


def test_little_memory_makes_batches_small_and_then_windows(trying):
    assert trying(0.1 / 256**2, 1000, "200MB") == Fit(256, 3, 33)
    assert trying(0.1 / 256**2, 1000, "20MB") == Fit(128, 1, 100)


def test_a_slow_method_takes_small_windows(trying):
    assert trying(10 / 256**2, 100, multiple=4) == Fit(64, 3, 10)


def test_what_does_not_fit_is_refused(trying):
    with pytest.raises(CafiError, match=r"One window of 64 x 64 pixels takes 4.1 GB to learn from, and 0.0 GB may be"):
        trying(0.1 / 256**2, 1e6, "10MB")


def test_a_step_is_measured_and_changes_nothing(tmp_path):
    reel, trainee = reel_of(tmp_path / "a.tif", noisy()), trainee_of(tiny_base(tmp_path))
    before = {name: value.clone() for name, value in trainee.network.state_dict().items()}
    kind = Kind(False, 32, 64, 1)
    seconds, needed = fitting._measure(trainee, trainee.network, [reel], kind, CPU)
    assert 0 < seconds < 60
    assert needed >= 0
    assert all(torch.equal(value, before[name]) for name, value in trainee.network.state_dict().items())
    assert all(p.grad is None for p in trainee.network.parameters())
