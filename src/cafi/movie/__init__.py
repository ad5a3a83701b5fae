"""Movies: reading, writing, axes, units, time stamps and provenance."""
