"""Content-aware frame interpolation for live-cell microscopy."""

__version__ = "0.1.0"
