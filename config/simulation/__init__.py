"""A large, plausible cycle of invented parties, for benchmarks and load tests (docs/formats.md §1, ``simulate``).

``setting`` makes the parties, people, questionnaire and phases; ``course`` is one review as it happens, in the rows
that ``cases.operations`` would have written one by one; ``story`` says what happens in it; ``shares`` deals reviews,
answers and entries out; ``shelf`` stores the rows in bulk.

The first circle of eight parties has the same eight reviews, people and entries at every size of the same density, so
that a page of theirs can be compared between a small database and a large one.
"""

from config.simulation.simulate import ImpossibleError, Size, simulate

__all__ = ["ImpossibleError", "Size", "simulate"]
