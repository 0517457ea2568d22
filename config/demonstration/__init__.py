"""The living demonstration: invented parties, real rules."""
