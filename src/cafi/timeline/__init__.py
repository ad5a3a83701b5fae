"""Which times an output movie has: doubling, any factor, every dt, explicit times; along time or depth."""
