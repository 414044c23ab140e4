"""From a body to a command, for what is a customer's own: consents, cards, pots, deletion."""

from __future__ import annotations

from typing import Any

from jingwei.channels.problems import Problem
from jingwei.channels.rest import asked
from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.channels.rest.reading import amount
from jingwei.journeys.ask_erasure import AskErasure
from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.freeze_card import FreezeCard
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.preview_offer import PreviewOffer
from jingwei.journeys.use_data import UseData
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import HOUR, parse_iso
from jingwei.kernel.command import Command


def consent(_: Desk, __: str, ask: asked.ConsentAsk, stamp: Stamp) -> Command:
    """GiveConsent for the caller, until the end of the bank day named."""
    fields = {"customer": stamp.caller.id, "purpose": ask.purpose, "data": ask.data}
    return _made(stamp.of(GiveConsent, until=_end_of_day(ask.until), **fields))


def _end_of_day(text: str) -> int:
    """First moment after this bank day, 0 for no day. Raises Problem for a day that is none."""
    if not text:
        return 0
    try:
        return parse_iso(text) + 16 * HOUR
    except ValueError:
        why = "there is no such day; write it like 2026-11-20"
        raise Problem("field_not_valid", "/until", why=why) from None


def withdrawal(_: Desk, __: str, ask: asked.WithdrawalAsk, stamp: Stamp) -> Command:
    """WithdrawConsent for the caller."""
    fields = {"customer": stamp.caller.id, "purpose": ask.purpose, "data": ask.data}
    return _made(stamp.of(WithdrawConsent, **fields))


def data_use(_: Desk, __: str, ask: asked.DataUseAsk, stamp: Stamp) -> Command:
    """UseData."""
    fields = {"purpose": ask.purpose, "data": ask.data, "why": ask.why}
    return _made(stamp.of(UseData, customers=ask.customers, **fields))


def offer(_: Desk, __: str, ask: asked.OfferAsk, stamp: Stamp) -> Command:
    """PreviewOffer."""
    return _made(stamp.of(PreviewOffer, customer=ask.customer, account=ask.account))


def erasure(_: Desk, __: str, ___: asked.NothingAsk, stamp: Stamp) -> Command:
    """AskErasure for the caller."""
    return _made(stamp.of(AskErasure, customer=stamp.caller.id))


def card(_: Desk, __: str, ask: asked.CardAsk, stamp: Stamp) -> Command:
    """IssueCard."""
    return _made(stamp.of(IssueCard, account=ask.account, label=ask.label, one_time=ask.one_time))


def card_freeze(_: Desk, named: str, ask: asked.CardFreezeAsk, stamp: Stamp) -> Command:
    """FreezeCard."""
    return _made(stamp.of(FreezeCard, card=named, on=ask.on))


def card_terms(_: Desk, named: str, ask: asked.CardTermsAsk, stamp: Stamp) -> Command:
    """ChangeCard, limits in the currency given."""
    texts = {"payment": ask.payment, "day": ask.day}
    minor = {
        f"{name}_minor": None if text is None else amount(text, ask.currency, f"/{name}", least=0)
        for name, text in texts.items()
    }
    fields = {"label": ask.label, "round_up": ask.round_up, "close": ask.close}
    return _made(stamp.of(ChangeCard, card=named, **minor, **fields))


def pot(_: Desk, __: str, ask: asked.PotAsk, stamp: Stamp) -> Command:
    """OpenPot."""
    goal = amount(ask.goal, ask.currency, "/goal", least=0)
    return _made(stamp.of(OpenPot, account=ask.account, name=ask.name, goal_minor=goal))


def pot_move(_: Desk, named: str, ask: asked.PotMoveAsk, stamp: Stamp) -> Command:
    """MovePot."""
    minor = amount(ask.amount, ask.currency, least=0)
    return _made(stamp.of(MovePot, pot=named, direction=ask.direction, amount_minor=minor))


def _made(command: Any) -> Command:
    assert isinstance(command, Command)
    return command
