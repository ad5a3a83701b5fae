"""Zooming SlowMo (Xiang et al., CVPR 2020), exactly as published."""
