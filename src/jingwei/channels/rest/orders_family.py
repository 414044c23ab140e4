"""The writing routes of appeals, call-backs, family ties and preferences."""

from __future__ import annotations

from jingwei.channels.rest import asked, making_family
from jingwei.channels.rest.order import Order
from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.appeal import AppealDecision
from jingwei.journeys.ask_for_person import AnswerCall, AskForPerson
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.ties import AcceptTie, EndTie, OfferTie

FAMILY_ORDERS = (
    Order(
        "/appeals",
        asked.AppealAsk,
        AppealDecision,
        making_family.appeal,
        "Appeal against a decision",
        "appeals",
        "Ask a person to look again at a refused payment of one's own; once for each decision.",
    ),
    Order(
        "/appeals/{some_id}/answer",
        asked.AppealAnswerAsk,
        AnswerAppeal,
        making_family.appeal_answer,
        "Answer an appeal",
        "appeals",
        "Say whether a decision stands; staff only, and never who decided before.",
    ),
    Order(
        "/call-backs",
        asked.PersonAsk,
        AskForPerson,
        making_family.person,
        "Ask for a person",
        "appeals",
        "Ask that somebody of the bank calls back.",
    ),
    Order(
        "/call-backs/{some_id}/answer",
        asked.CallAsk,
        AnswerCall,
        making_family.call,
        "Close a call-back",
        "appeals",
        "Say that the customer was called; staff only.",
    ),
    Order(
        "/ties",
        asked.TieAsk,
        OfferTie,
        making_family.tie,
        "Offer a family tie",
        "family",
        "Offer that one customer looks after or sees the accounts of another.",
    ),
    Order(
        "/ties/{some_id}/acceptance",
        asked.TieAnswerAsk,
        AcceptTie,
        making_family.tie_yes,
        "Accept a family tie",
        "family",
        "Say yes to a tie; only who was asked can.",
    ),
    Order(
        "/ties/{some_id}/end",
        asked.TieAnswerAsk,
        EndTie,
        making_family.tie_end,
        "End a family tie",
        "family",
        "End a tie at once, or turn an offer down; either side can, a child under 18 a guardian's not.",
    ),
    Order(
        "/ties/{some_id}/limits",
        asked.LookAfterAsk,
        LookAfter,
        making_family.look_after,
        "Look after a child's account",
        "family",
        "Set the limits of a child's account, and freeze or free it; its guardian only.",
    ),
    Order(
        "/preferences",
        asked.PreferAsk,
        Prefer,
        making_family.prefer,
        "Set preferences",
        "family",
        "Elder mode, and how long payments wait before they go.",
    ),
)
