"""Windows of frames -> tiles -> batches -> interpolator -> blended tiles -> sink."""
