"""What is usual in training, and how far from it other windows are."""

import json

import pytest
import torch

from cafi.interpolators.kymo.likeness import Likeness

WIDE = torch.tensor([5.0, 1, 1, 0.5, 0.5, 0.3])


def features(count, seed):
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed)) * WIDE + 3


@pytest.mark.parametrize("seed", [0, 1])
def test_one_training_window_in_a_hundred_is_beyond_one(seed):
    found = Likeness.fit(features(4000, 0)).strangeness(features(4000, seed))
    assert found.shape == (4000,)
    assert float((found > 1).float().mean()) == pytest.approx(0.01, abs=0.006)


def test_distance_counts_in_what_is_usual_of_each_feature():
    likeness = Likeness.fit(features(4000, 0))
    along = likeness.mean.repeat(2, 1)
    along[0, 0] += 5
    along[1, 1] += 5
    usual, strange = likeness.strangeness(along)
    assert float(strange / usual) == pytest.approx(5, rel=0.05)


def test_a_card_keeps_it():
    likeness = Likeness.fit(features(500, 0))
    again = Likeness.known(json.loads(json.dumps(likeness.as_dict())), 6)
    torch.testing.assert_close(
        again.strangeness(features(9, 2)), likeness.strangeness(features(9, 2)), rtol=1e-2, atol=0
    )


def test_a_feature_that_never_varied_does_no_harm():
    same = features(500, 0)
    same[:, 5] = 3
    assert bool(Likeness.fit(same).strangeness(same).isfinite().all())


@pytest.mark.parametrize("usual", [{"mean": [0.0] * 6}, {"mean": [0.0] * 6, "spread": [1.0] * 5}])
def test_a_card_of_other_features_is_refused(usual):
    with pytest.raises(ValueError, match="6 features were expected"):
        Likeness.known(usual, 6)
