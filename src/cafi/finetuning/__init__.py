"""From a user's own movies to a network adapted to them, judged on what it was not shown."""
