"""``python -m cafi`` is the command line."""

from cafi.cli import main

main()
