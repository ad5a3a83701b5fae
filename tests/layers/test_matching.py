import pytest
import torch

from cafi.layers.matching import local_similarity


def _literal(first, last, radius):
    """The definition, displacement by displacement."""
    height, width = first.shape[2:]
    padded = torch.nn.functional.pad(last, (radius,) * 4)
    norm = torch.nn.functional.cosine_similarity
    rows = []
    for dy in range(2 * radius + 1):
        for dx in range(2 * radius + 1):
            rows.append(norm(first, padded[:, :, dy : dy + height, dx : dx + width], dim=1))
    return torch.stack(rows, 1)


@pytest.mark.parametrize(("height", "width", "radius"), [(5, 16, 1), (7, 33, 3), (16, 9, 2), (1, 1, 3)])
def test_equals_the_definition(height, width, radius):
    random = torch.Generator().manual_seed(height)
    first, last = (torch.randn(2, 6, height, width, generator=random) for _ in range(2))
    assert torch.allclose(local_similarity(first, last, radius), _literal(first, last, radius), atol=1e-5)


def test_finds_a_shift():
    random = torch.Generator().manual_seed(3)
    last = torch.randn(1, 12, 20, 24, generator=random)
    first = last.roll((-1, 2), (2, 3))  # first at x is last at x + (dy = 1, dx = -2)
    best = local_similarity(first, last, 3).argmax(1)[0, 4:-4, 4:-4]
    assert (best == (1 + 3) * 7 + (-2 + 3)).all()
