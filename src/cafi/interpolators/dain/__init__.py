"""DAIN (Bao et al., CVPR 2019): depth-aware video frame interpolation, as published."""
