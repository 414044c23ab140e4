"""The routes that explain a decision and prove it: reasons with their values, proofs, the signed head."""

from __future__ import annotations

import math

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.identity import Caller
from jingwei.channels.problems import Problem
from jingwei.channels.rest.desk import Desk, movement_told
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.payments import Said
from jingwei.channels.rest.told import DecisionTold, HeadTold, PartTold, ProofTold, ReasonTold
from jingwei.channels.rest.views import answer
from jingwei.channels.words import result_words
from jingwei.decisions.compiled import compile_policy
from jingwei.decisions.decision import Decision, Reason
from jingwei.decisions.explain import explain
from jingwei.decisions.policy import INPUT_MISSING, Verdict
from jingwei.domains.fraud.features import FRAUD
from jingwei.journeys.shape import Answer, Sealed
from jingwei.kernel.clock import iso
from jingwei.kernel.money import format_minor


def add_evidence(router: APIRouter, desk: Desk) -> None:
    """Add the routes that explain and prove."""

    @router.get("/decisions/{decision}", **tells(DecisionTold, "Why a decision was made", "decisions"))
    async def decision(decision: str, request: Request) -> Response:
        """A decision in words: its reasons in zh and en; for staff also what each rule read and the score."""
        caller = desk.caller(request)
        return answer(decision_told(desk, seen(desk, decision, caller), caller.inside))

    @router.get("/decisions/{decision}/proof", **tells(ProofTold, "Proof of a decision", "decisions"))
    async def proof(decision: str, request: Request) -> Response:
        """A file that `tools/verify_proof.py` checks without trusting the bank."""
        sealed = seen(desk, decision, desk.caller(request))
        found = desk.home.proof(sealed.answer.id)
        if found is None:
            raise Problem("decision_not_found")
        return Response(found, media_type="application/json")

    @router.get("/audit/head", **tells(HeadTold, "The signed head of the log", "audit", token=False))
    async def head(request: Request) -> Response:
        """How many records there are and their root, signed at most once a second; for anybody to keep."""
        return answer(desk.home.recent_head())


def seen(desk: Desk, decision: str, caller: Caller) -> Sealed:
    """The record, if it is the caller's to see. Raises Problem, foreign and missing alike."""
    sealed = desk.record(decision)
    if not desk.may_see(caller, sealed):
        raise Problem("decision_not_found")
    return sealed


def decision_told(desk: Desk, sealed: Sealed, inside: bool) -> DecisionTold:
    """A record in words, with what only staff see when `inside`."""
    command, given = sealed.command, sealed.answer
    words, refusal = result_words(given), given.refusal
    minor, currency = getattr(command, "amount_minor", None), getattr(command, "currency", None)
    told = DecisionTold(
        id=given.id,
        command=command.__struct_config__.tag,
        at=iso(command.at),
        known_at=iso(command.known_at),
        result=given.result,
        zh=words.zh,
        en=words.en,
        reasons=reasons_told(desk, given, inside),
        refusal=Said(refusal.code, words.zh, words.en) if refusal else None,
        movements=tuple(map(movement_told, given.movements)),
        amount=format_minor(minor, currency) if minor is not None and currency else None,
        amount_minor=minor,
        currency=currency,
        payer=getattr(command, "payer", None),
        payee=getattr(command, "payee", getattr(command, "terminal", None)),
        hold=given.hold,
        case=given.case,
        challenge=given.challenge,
        about=given.about,
        made=given.made,
        policy=given.policy,
    )
    if not inside:
        return told
    return msgspec.structs.replace(
        told,
        actor=command.actor,
        customer=getattr(command, "customer", ""),
        model=given.model,
        score=given.score,
        contributions=parts_told(given),
    )


def parts_told(given: Answer) -> tuple[PartTold, ...]:
    """What raised the score, strongest first; empty when no rule that was hit read it."""
    words = {feature.name: feature for feature in FRAUD}
    return tuple(
        PartTold(part.feature, part.value, part.log_odds, feature.says_zh, feature.says)
        for part in given.because
        if (feature := words.get(part.feature)) is not None
    )


def reasons_told(desk: Desk, given: Answer, inside: bool) -> tuple[ReasonTold, ...]:
    """The reasons in both languages; for staff with what each rule asked for, its law and what it read."""
    whys = desk.sentences.reasons(given)
    policy = desk.sentences.policy(given.policy) if inside and whys else None
    if policy is None:
        return tuple(ReasonTold(why.code, why.zh, why.en) for why in whys)
    compiled = compile_policy(policy, policy.inputs)
    verdicts = {rule.code: rule.verdict for rule in policy.rules} | {INPUT_MISSING: Verdict.HOLD}
    because = tuple(Reason(code, verdicts[code]) for code in given.reasons)
    values = [math.nan if value is None else value for value in given.seen]
    found = explain(
        compiled, values, Decision(max(verdicts[code] for code in given.reasons), because, given.reasons)
    )
    return tuple(
        ReasonTold(one.code, one.says_zh, one.says, one.verdict, one.law, one.because, one.read)
        for one in found
    )
