import pytest
import torch

from cafi.errors import CafiError
from cafi.training.checkpoints import Progress, load_checkpoint, progress_of, save_checkpoint


def test_weights_average_and_progress_come_back(tmp_path):
    path = tmp_path / "c.safetensors"
    now, average = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    save_checkpoint(path, now, average, Progress(12, 3.5, -1.25, 2, 4))
    assert progress_of(path) == Progress(12, 3.5, -1.25, 2, 4)
    again, average_again = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    assert load_checkpoint(path, again, average_again) == Progress(12, 3.5, -1.25, 2, 4)
    assert torch.allclose(again.weight, now.weight, atol=5e-4)
    assert torch.allclose(average_again.bias, average.bias, atol=5e-4)
    assert not torch.allclose(again.weight, average_again.weight, atol=5e-3)


def test_another_architecture_or_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, torch.nn.Linear(3, 2), torch.nn.Linear(3, 2), Progress())
    with pytest.raises(CafiError, match="cannot go on as a checkpoint of this recipe"):
        load_checkpoint(path, torch.nn.Linear(4, 2), torch.nn.Linear(4, 2))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CafiError, match="is damaged, or is no checkpoint"):
        progress_of(path)
    with pytest.raises(CafiError, match="choose another folder"):
        load_checkpoint(path, torch.nn.Linear(3, 2), torch.nn.Linear(3, 2))
