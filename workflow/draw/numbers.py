"""Numbers that follow from a seed alone (``docs/draw.md`` §2, ``docs/formats.md`` §2)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from workflow.ledger import canonical

T = TypeVar("T")

PURPOSE = "untoc-draw-seed/1"


class Number(NamedTuple):
    """The word with the number ``k``, and what it gave below the length of a list."""

    k: int
    word: int
    place: int


class Numbers:
    """Words of 64 bits from SHA-256 in counter mode: the same on every machine and in every language."""

    def __init__(self, derived: str) -> None:
        self._key = bytes.fromhex(derived)
        self._next = 0

    def below(self, limit: int) -> Number:
        """A number from 0 to ``limit`` - 1, all alike likely; words that would tip the scales are passed over."""
        while True:
            k, self._next = self._next, self._next + 1
            word = int.from_bytes(sha256(self._key + k.to_bytes(8, "big")).digest()[:8], "big")
            if word < 2**64 - 2**64 % limit:
                return Number(k, word, word % limit)

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """Fisher and Yates, from the end."""
        result = list(things)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1).place
            result[last], result[other] = result[other], result[last]
        return result


def commitment(by: str, nonce: str) -> str:
    """The digest that a contributor publishes before anybody's nonce is known; ``nonce`` is 32 bytes in hex."""
    return sha256(canonical({"by": by, "nonce": nonce})).hexdigest()


def derived_seed(input_sha256: str, contributions: Sequence[Mapping[str, Any]], beacon: Sequence[Any]) -> str:
    """The seed: of the frozen input, what everybody contributed, and what nobody could know before."""
    content = {
        "purpose": PURPOSE,
        "input": input_sha256,
        "contributions": [one["nonce"] or one["commitment"] for one in contributions],
        "beacon": list(beacon),
    }
    return sha256(canonical(content)).hexdigest()
