"""Compile a numeric kernel to machine code: one thread, no lock held, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Records = npt.NDArray[Any]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(kernel: Kernel) -> Kernel:
    """Return the kernel compiled by Numba without fast-math, so that every run adds in the written order."""
    machine_code: Any = numba.njit(nogil=True, cache=True)(kernel)
    return cast(Kernel, machine_code)
