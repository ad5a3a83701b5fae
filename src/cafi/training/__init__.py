"""Training networks: windows from simulation and recordings, losses, one loop, recipes."""
