import pytest
import torch

from cafi.api.models import import_model
from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.checkpoints import import_checkpoint
from tests.parity import filled, shapes

NUMBERED = "num_batches_tracked"


def _saved(tmp_path, names, prefix=""):
    # All entries of a tensor are one number in memory: the file stays small.
    content = {prefix + name: torch.full((), 0.5).expand(shape) for name, shape in names.items()}
    torch.save(content, tmp_path / "published.pth")
    return tmp_path / "published.pth"


@pytest.fixture(scope="module")
def layout():
    return registry.layout_of("dain")


def test_the_layout_is_that_of_published_checkpoints(layout):
    assert layout.shapes == shapes("dain_keys.tsv")


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("old", [False, True])
def test_every_parameter_is_accounted_for(tmp_path, layout, prefix, old):
    held = {n: s for n, s in layout.shapes.items() if not (old and n.endswith(NUMBERED))}
    card, tensors = import_checkpoint(_saved(tmp_path, held, prefix), layout)
    assert (card.method, card.architecture["synthesis"]) == ("dain", 128)
    assert {n: tuple(v.shape) for n, v in tensors.items()} == layout.shapes


def test_the_blending_part_alone_is_refused_with_counts(tmp_path, layout):
    held = {n: s for n, s in layout.shapes.items() if not n.startswith(("ctxNet", "rectifyNet"))}
    with pytest.raises(CafiError, match=r"no checkpoint of dain: of its 954 parameters 15 missing \(such as ctxNet"):
        import_checkpoint(_saved(tmp_path, held), layout)


def test_an_imported_checkpoint_predicts(tmp_path, layout):
    content = {f"module.{name}": filled(name, shape) for name, shape in layout.shapes.items()}
    torch.save(content, tmp_path / "best.pth")
    import_model(tmp_path / "best.pth", "dain", tmp_path / "published.safetensors")
    method = registry.get("dain", tmp_path / "published.safetensors")
    assert all(torch.equal(v, content[f"module.{name}"]) for name, v in method.network.state_dict().items())
