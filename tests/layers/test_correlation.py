import torch

from cafi.layers.correlation import correlation
from tests.parity import tensors


def _literal(a, b, radius):
    n, channels, height, width = a.shape
    out = torch.zeros(n, (2 * radius + 1) ** 2, height, width, dtype=a.dtype)
    for i in range(n):
        k = 0
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                for y in range(max(0, -dy), min(height, height - dy)):
                    for x in range(max(0, -dx), min(width, width - dx)):
                        out[i, k, y, x] = a[i, :, y, x].dot(b[i, :, y + dy, x + dx]) / channels
                k += 1
    return out


def test_it_is_its_definition():
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 2, 5, 4, 6, generator=random, dtype=torch.float64)
    torch.testing.assert_close(correlation(a, b, 2), _literal(a, b, 2))


def test_corr_out_of_the_published_network():
    unit = tensors("units")
    assert (correlation(unit["corr_a"], unit["corr_b"]) - unit["corr_out"]).abs().max() < 1e-5


def test_gradients():
    random = torch.Generator().manual_seed(1)
    a, b = (v.requires_grad_() for v in torch.randn(2, 1, 3, 3, 4, generator=random, dtype=torch.float64))
    assert torch.autograd.gradcheck(lambda *v: correlation(*v, 1), (a, b))
