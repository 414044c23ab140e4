"""Many leaves in one piece of memory: they read like a list of bytes, and travel and are cut as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray


class Joined(Sequence[bytes]):
    """`data` holds all leaves one after the other; leaf i ends before `ends[i]`."""

    def __init__(self, data: bytes, ends: NDArray[np.int64]) -> None:
        self.data = data
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[bytes]:
        data, start = self.data, 0
        for end in self.ends.tolist():
            yield data[start:end]
            start = end

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        return self.data[self.ends[at - 1] if at else 0 : self.ends[at]]
