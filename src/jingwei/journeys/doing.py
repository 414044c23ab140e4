"""Doing one judged command over the books: who may, look, act, and let later commands see it."""

from __future__ import annotations

from jingwei.decisions.judge import Judgement
from jingwei.journeys.bound import carry
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.shape import Outcome, refused
from jingwei.journeys.table import BY_COMMAND
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal

NOT_ALLOWED = Refusal("not_allowed")


def do_one(command: Command, overlay: Overlay, seq: int, judgement: Judgement | None) -> Outcome:
    """Look and act as record `seq` and apply the outcome to the overlay."""
    journey = BY_COMMAND[type(command)]
    if overlay.begin(command, seq, judgement) in journey.roles and not journey.past:
        outcome = carry(journey, command, overlay)
    else:
        outcome = refused(decision_id(seq), NOT_ALLOWED)
    overlay.apply(outcome)
    return outcome
