"""Reasons to distrust the predicted frames of a gap: one file for each idea, all without the truth."""
