"""The model as a Hypothesis state machine: it looks for odd orders of commands."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.model.asking import OFTEN
from tests.model.runs import Run, opened


class Drawn:
    """Lets Hypothesis choose."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def below(self, n: int) -> int:
        return int(self._data.draw(st.integers(0, n - 1)))


class BankMachine(RuleBasedStateMachine):
    """Any command of the bank, in batches that end anywhere, each held against the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.run = Run(self.stack.enter_context(opened()))

    @rule(data=st.data(), verb=st.sampled_from(sorted(OFTEN)), ends=st.booleans())
    def command(self, data: Any, verb: str, ends: bool) -> None:
        """One more command; it is done now, or together with those that follow."""
        self.run.ask(Drawn(data), verb)
        if ends:
            self.run.flush()

    def teardown(self) -> None:
        """Do what still waits, look at everything once more, and leave nothing behind."""
        try:
            self.run.flush()
            self.run.watch.afresh()
        finally:
            self.run.close()
            self.stack.close()
