"""A run so small that it trains within a second or two."""

from __future__ import annotations

from cafi.training.recipes import DataRecipe, Optimisation, Recipe

SIZES = {"far": 8, "farther": 8, "farthest": 8, "near": 8, "synthesis": 8}


def tiny_recipe(**changes):
    data = DataRecipe(side=48, crop=32, reservoir=4, fresh=1)
    how = {"steps": 6, "batch": 2, "warm_up": 2, "cool_down": 2, "validate_every": 3} | changes
    return Recipe("kymo", SIZES, data, Optimisation(**how), seed=3)


TINY_TOML = """
network = "kymo"
seed = 3
[architecture]
far = 8
farther = 8
farthest = 8
near = 8
synthesis = 8
[data]
side = 48
crop = 32
reservoir = 4
[optimisation]
steps = 4
batch = 2
validate_every = 2
"""
