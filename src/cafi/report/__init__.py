"""The report: one self-contained page that shows what a prediction is worth."""
