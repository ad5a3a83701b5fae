"""How good a predicted frame is: each metric with one definition that all of cafi uses.

Per channel the movie's 0.1 percentile is subtracted and the 0.1-99.9 percentile range divided by; nothing is
clipped; the data range is 1. Scores are taken frame by frame; means over frames, then over movies.
`cafi.quality.metrics.catalogue` lists all metrics with what each needs.
"""

from cafi.quality.metrics.intensity import psnr as psnr
from cafi.quality.metrics.ranges import Range as Range
from cafi.quality.metrics.ranges import intensity_range as intensity_range
from cafi.quality.metrics.structure import ssim as ssim
