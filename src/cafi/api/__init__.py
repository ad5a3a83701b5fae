"""The functions that the command line, notebooks and napari call; one file for each."""
