import pytest
import torch
from torch import nn

from cafi.errors import CafiError
from cafi.interpolators.checkpoints import Layout, import_checkpoint, shapes_of


def _network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 3))


LAYOUT = Layout("published", {"features": 2}, shapes_of(_network()))


@pytest.fixture
def state():
    return dict(_network().state_dict())


def _saved(tmp_path, content):
    path = tmp_path / "published.pth"
    torch.save(content, path)
    return path


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("nested", [False, True])
def test_every_published_layout_is_read(tmp_path, state, prefix, nested):
    named = {prefix + name: value for name, value in state.items()}
    card, tensors = import_checkpoint(_saved(tmp_path, {"state_dict": named} if nested else named), LAYOUT)
    assert list(tensors) == list(LAYOUT.shapes)
    assert all(torch.equal(tensors[name], state[name].float()) for name in state)
    assert (card.method, card.architecture, card.recipe["imported"]) == ("published", {"features": 2}, "published.pth")


def test_what_nothing_is_computed_with_may_be_missing(tmp_path, state):
    del state["1.num_batches_tracked"]
    assert import_checkpoint(_saved(tmp_path, state), LAYOUT)[1]["1.num_batches_tracked"] == 0


def test_what_does_not_fit_is_counted(tmp_path, state):
    del state["0.bias"], state["2.bias"]
    state["3.weight"] = torch.zeros(1)
    state["0.weight"] = torch.zeros(2, 3, 3, 3)
    state["2.weight"][0, 0, 0, 0] = torch.nan
    wrong = (
        r"of its 9 parameters 2 missing \(such as 0\.bias\), 1 unexpected \(such as 3\.weight\), 1 of another shape"
        r" \(such as 0\.weight\), 1 not finite \(such as 2\.weight\)"
    )
    with pytest.raises(CafiError, match=wrong):
        import_checkpoint(_saved(tmp_path, state), LAYOUT)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    with pytest.raises(CafiError, match=r"of its 9 parameters 8 missing .* 1 unexpected"):
        import_checkpoint(_saved(tmp_path, {"a": torch.zeros(1)}), LAYOUT)


class Harmful:
    def __reduce__(self):
        return exec, ("raise SystemExit",)


@pytest.mark.parametrize("content", [{"a": Harmful()}, [1], {}, {"a": 1}, {"epoch": 3, "state_dict": None}])
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    with pytest.raises(CafiError, match=r"holds no state dict|holds more than tensors"):
        import_checkpoint(_saved(tmp_path, content), LAYOUT)


def test_damaged_and_missing_files_are_refused(tmp_path, state):
    path = _saved(tmp_path, state)
    whole = path.read_bytes()
    with pytest.raises(CafiError, match="no such file"):
        import_checkpoint(tmp_path / "none.pth", LAYOUT)
    for damaged in (b"", b"no checkpoint", whole[: len(whole) // 2], whole[:100] + bytes(300) + whole[400:]):
        path.write_bytes(damaged)
        with pytest.raises(CafiError, match="cannot be read as a checkpoint"):
            import_checkpoint(path, LAYOUT)
