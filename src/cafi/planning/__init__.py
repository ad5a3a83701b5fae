"""How many frames of a movie can be left out before quality falls below a bound, and what that saves."""
