"""Mutated inputs for the readers: each is read as its header states, or refused in one sentence."""
