"""The methods that fill a gap, the contract that they keep, and their registry."""
