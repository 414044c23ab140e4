"""From a body to a command: appeals, call-backs, family ties and preferences."""

from __future__ import annotations

from typing import Any

from jingwei.channels.rest import asked
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.reading import amount
from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.appeal import AppealDecision
from jingwei.journeys.ask_for_person import AnswerCall, AskForPerson
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.ties import AcceptTie, EndTie, OfferTie
from jingwei.kernel.command import Command


def appeal(_: Desk, __: str, ask: asked.AppealAsk, stamp: Stamp) -> Command:
    """AppealDecision."""
    return _made(stamp.of(AppealDecision, decision=ask.decision, text=ask.text))


def appeal_answer(_: Desk, named: str, ask: asked.AppealAnswerAsk, stamp: Stamp) -> Command:
    """AnswerAppeal."""
    return _made(stamp.of(AnswerAppeal, appeal=named, overturn=ask.overturn, words=ask.words))


def person(_: Desk, __: str, ask: asked.PersonAsk, stamp: Stamp) -> Command:
    """AskForPerson."""
    return _made(stamp.of(AskForPerson, topic=ask.topic))


def call(_: Desk, named: str, ask: asked.CallAsk, stamp: Stamp) -> Command:
    """AnswerCall."""
    return _made(stamp.of(AnswerCall, case=named, words=ask.words))


def tie(_: Desk, __: str, ask: asked.TieAsk, stamp: Stamp) -> Command:
    """OfferTie."""
    return _made(stamp.of(OfferTie, kind=ask.kind, whose=ask.whose, keeper=ask.keeper))


def tie_yes(_: Desk, named: str, __: asked.TieAnswerAsk, stamp: Stamp) -> Command:
    """AcceptTie."""
    return _made(stamp.of(AcceptTie, tie=named))


def tie_end(_: Desk, named: str, __: asked.TieAnswerAsk, stamp: Stamp) -> Command:
    """EndTie."""
    return _made(stamp.of(EndTie, tie=named))


def look_after(_: Desk, named: str, ask: asked.LookAfterAsk, stamp: Stamp) -> Command:
    """LookAfter, every given amount in the account's currency."""
    texts = {"payment": ask.payment, "day": ask.day, "month": ask.month}
    minor = {
        f"{name}_minor": None if text is None else amount(text, ask.currency, f"/{name}", least=0)
        for name, text in texts.items()
    }
    return _made(stamp.of(LookAfter, tie=named, account=ask.account, frozen=ask.frozen, **minor))


def prefer(_: Desk, __: str, ask: asked.PreferAsk, stamp: Stamp) -> Command:
    """Prefer."""
    return _made(stamp.of(Prefer, elder=ask.elder, undo_s=ask.undo_s))


def _made(command: Any) -> Command:
    assert isinstance(command, Command)
    return command
