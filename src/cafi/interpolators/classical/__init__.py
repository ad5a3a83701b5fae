"""Methods without learned weights: the bar for all others."""
