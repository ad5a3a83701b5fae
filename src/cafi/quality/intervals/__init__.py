"""An interval for every predicted pixel, calibrated on held-out frames of the user's own movie."""
