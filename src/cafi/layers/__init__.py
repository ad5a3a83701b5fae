"""Differentiable image operators that networks share."""
