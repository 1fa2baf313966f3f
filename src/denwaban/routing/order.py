"""Things in an order, each with a set of bits: the first whose set meets another set is found without looking at all."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=tuple[Any, ...])

SIZE = 64
"""A block with more entries than this becomes two."""


class _Block(Generic[K]):
    """Some neighbours. `any` is what their sets have together, or more: a look in vain makes it true again."""

    __slots__ = ("any", "keys")

    def __init__(self, keys: list[K], union: int) -> None:
        self.keys = keys
        self.any = union


def _last(block: _Block[K]) -> K:
    return block.keys[-1]


class Order(Generic[K]):
    """Keys that compare, in their order. Adding, removing and finding cost O(n / SIZE + SIZE) at the very most, each step
    one operation on an integer; sets are integers, a bit for each member, and -1 is the set of all."""

    def __init__(self) -> None:
        self._blocks: list[_Block[K]] = []
        self._bits: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._bits)

    def __contains__(self, key: K) -> bool:
        return key in self._bits

    def __iter__(self) -> Iterator[K]:
        for block in self._blocks:
            yield from block.keys

    def bits(self, key: K) -> int:
        """The set of a key. Raises KeyError."""
        return self._bits[key]

    def add(self, key: K, bits: int) -> None:
        """Puts it at its place. It must not be there yet."""
        self._bits[key] = bits
        if not self._blocks:
            self._blocks.append(_Block([key], bits))
            return
        place = min(self._place(key), len(self._blocks) - 1)
        block = self._blocks[place]
        insort(block.keys, key)
        block.any |= bits
        if len(block.keys) > SIZE:
            late = block.keys[SIZE // 2 :]
            del block.keys[SIZE // 2 :]
            block.any = self._union(block.keys)
            self._blocks.insert(place + 1, _Block(late, self._union(late)))

    def remove(self, key: K) -> None:
        """Takes it out. Raises KeyError."""
        del self._bits[key]
        place = self._place(key)
        keys = self._blocks[place].keys
        del keys[bisect_left(keys, key)]
        if not keys:
            del self._blocks[place]

    def change(self, key: K, bits: int) -> None:
        """Its set is another now. Raises KeyError."""
        if key not in self._bits:
            raise KeyError(key)
        self._bits[key] = bits
        self._blocks[self._place(key)].any |= bits

    def first(self, bits: int) -> K | None:
        """The first whose set has something in common with `bits`; None when none has."""
        for block in self._blocks:
            if not block.any & bits:
                continue
            for key in block.keys:
                if self._bits[key] & bits:
                    return key
            block.any = self._union(block.keys)
        return None

    def _place(self, key: K) -> int:
        return bisect_left(self._blocks, key, key=_last)

    def _union(self, keys: list[K]) -> int:
        union = 0
        for key in keys:
            union |= self._bits[key]
        return union
