"""Nothing that validation scores may ever have been seen in training, not even a neighbour in time."""

import pytest
import torch

from cafi.errors import CafiError
from cafi.training.data import parts, sources
from cafi.training.movies import split_movies
from cafi.training.recipes import DataRecipe
from cafi.training.recorded import Recordings


def _numbered(frames, first):
    """A movie whose frames say their own numbers."""
    return (first + torch.arange(float(frames)))[:, None, None].expand(-1, 16, 16).contiguous()


def _frames(movies):
    return {int(value) for movie in movies for value in movie[:, 0, 0]}


@pytest.mark.parametrize(("strides", "share"), [((2, 3, 4), 0.2), ((2,), 0.3), ((3, 6), 0.25)])
def test_by_time_a_windows_length_lies_between_training_and_validation(strides, share):
    recipe = DataRecipe(kept_back=share, strides=strides)
    learned, kept = parts(recipe, [[_numbered(120, 0)], [_numbered(90, 1000)]], seed=0)
    guard = 3 * max(strides) + 1
    for block in (0, 1000):
        seen = [f for f in _frames(learned) if block <= f < block + 1000]
        scored = [f for f in _frames(kept) if block <= f < block + 1000]
        assert min(scored) - max(seen) == guard + 1


def test_windows_for_training_touch_no_frame_that_is_kept_back():
    recipe = DataRecipe(kept_back=0.3, strides=(2, 3, 4))
    learned, kept = parts(recipe, [[_numbered(60, 0)], [_numbered(80, 100)]], seed=0)
    random = torch.Generator().manual_seed(0)
    drawn = Recordings(learned, 16, recipe.strides).draw(300, random).frames
    seen = {int(value) for value in drawn[:, :, 0, 0].flatten()}
    assert seen == _frames(learned)  # all of them are used, and no other
    assert min(abs(a - b) for a in seen for b in _frames(kept)) > 13


def test_whole_movies_are_kept_back_with_all_their_channels():
    movies = [[_numbered(20, 100 * i), _numbered(20, 100 * i + 50)] for i in range(6)]
    learned, kept = parts(DataRecipe(kept_back_movies=2), movies, seed=4)
    assert (len(learned), len(kept)) == (8, 4)
    of = [{f // 100 for f in _frames(part)} for part in (learned, kept)]
    assert not of[0] & of[1]
    assert of[0] | of[1] == set(range(6))


def test_the_seed_chooses_the_movies():
    choices = {tuple(split_movies(list(range(8)), 2, seed)[1]) for seed in range(20)}
    assert len(choices) > 8
    assert split_movies(list(range(8)), 2, 3) == split_movies(list(range(8)), 2, 3)
    assert split_movies([1, 2], 0, 0) == ([1, 2], [])
    with pytest.raises(CafiError, match="2 of 2 movies cannot be kept back"):
        split_movies([1, 2], 2, 0)


def test_recordings_alone_without_anything_for_validation_are_refused(tmp_path, monkeypatch):
    import cafi.training.data as data

    monkeypatch.setattr(data, "load_movies", lambda folder, least: [[_numbered(12, 0)]])
    recipe = DataRecipe(recorded="movies", share_recorded=1.0)
    with pytest.raises(CafiError, match="can be kept back for validation"):
        sources(recipe, tmp_path, torch.Generator(), 0)
