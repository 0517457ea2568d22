"""No State is likelier to fall to another than its equals are; what the draw prefers among outcomes stays small."""

import os

import pytest

from tests.workflow.fairness import measure, worlds

DRAWS = 10_000 if os.environ.get("SOAK") == "1" else 1_500


@pytest.mark.parametrize("name", worlds())
def test_equals_fall_equally_often(name):
    figures = measure(worlds()[name], DRAWS)
    assert figures.worst < 4
    assert figures.distance < figures.floor + 0.1
    assert figures.seen == figures.outcomes or 20 * figures.outcomes > DRAWS
