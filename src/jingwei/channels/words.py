"""Words for people: results, reasons and refusals in Chinese and English, for the customer and for staff."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jingwei.decisions.decision import MISSING_SAYS, MISSING_SAYS_ZH
from jingwei.decisions.policy import INPUT_MISSING, Policy, parse_policy
from jingwei.decisions.published import PolicyVersion
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.shape import Answer
from jingwei.journeys.table import unseal
from jingwei.kernel.ids import seq_of
from jingwei.kernel.refusal import Words
from jingwei.stores.store import Reader

RESULTS: dict[str, Words] = {
    "allowed": Words("The payment was made.", "付款已完成。"),
    "authorised": Words("The amount is held for the merchant.", "金额已预授权。"),
    "waiting": Words("The payment is on its way; you can still undo it.", "付款已受理，在汇出前您仍可撤回。"),
    "stepped_up": Words("Please confirm that this payment is yours.", "请您确认这笔付款是本人发起。"),
    "proposed": Words(
        "Your answer is noted; a second person must confirm it.", "处理意见已记录，须由另一人确认。"
    ),
    "held": Words("A person will look at this payment first.", "这笔付款将先由工作人员核实。"),
    "refused": Words("This was not done.", "未予办理。"),
    "done": Words("Done.", "已办理。"),
}
"""What is told for each result; an allowed payment that only holds money is "authorised", or
"waiting" while it can be undone."""


class Why(msgspec.Struct, frozen=True):
    """A reason as told: its code and its sentence in both languages."""

    code: str
    zh: str
    en: str


MISSING = Why(INPUT_MISSING, MISSING_SAYS_ZH, MISSING_SAYS)


class Sentences:
    """The sentences of every policy version that ever judged, read from the records when first needed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._policies: dict[str, Policy] = {}
        self._whys: dict[str, dict[str, Why]] = {}

    def reasons(self, answer: Answer) -> tuple[Why, ...]:
        """The reasons of an answer, in its order; a code without a sentence is told as itself."""
        if not answer.reasons:
            return ()
        whys = self._whys.get(answer.policy)
        if whys is None:
            whys = self._learn(answer.policy)
        return tuple(whys.get(code) or Why(code, code, code) for code in answer.reasons)

    def policy(self, name: str) -> Policy | None:
        """The policy with this "name@version", as it judged; None when no record published it."""
        if name not in self._policies:
            found = self._recorded(name)
            if found is None:
                return None
            self._policies[name] = found
        return self._policies[name]

    def _learn(self, name: str) -> dict[str, Why]:
        policy = self.policy(name)
        whys = {INPUT_MISSING: MISSING}
        if policy is not None:
            whys |= {rule.code: Why(rule.code, rule.says_zh, rule.says) for rule in policy.rules}
        self._whys[name] = whys
        return whys

    def _recorded(self, name: str) -> Policy | None:
        """The policy with this "name@version", from the record that published it."""
        for version in self._reader.load(PolicyVersion, [name]):
            leaf = self._reader.record(seq_of(version.record) or 0)
            command = unseal(leaf).command if leaf else None
            if isinstance(command, PublishPolicy):
                return parse_policy(command.text)
        return None


def result_words(answer: Answer) -> Words:
    """The sentence for what a command came to: the refusal's own where there is one."""
    if answer.refusal is not None:
        return answer.refusal.words()
    if answer.result == "allowed" and answer.made:
        return RESULTS["waiting"]
    authorised = answer.result == "allowed" and answer.hold and not answer.movements
    return RESULTS["authorised" if authorised else answer.result]


def heaviest(whys: Sequence[Why]) -> str:
    """The first reason's sentences on one line, for a table."""
    return f"{whys[0].zh} / {whys[0].en}" if whys else ""
