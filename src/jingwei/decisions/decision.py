"""What came out of a policy for one case: the verdict and its reasons, heaviest first."""

from __future__ import annotations

import msgspec

from jingwei.decisions.policy import INPUT_MISSING, MAX_WEIGHT, Policy, Verdict


class Reason(msgspec.Struct, frozen=True):
    """Why: the rule's code (or input_missing) and the verdict it asks for."""

    code: str
    verdict: Verdict


class Decision(msgspec.Struct, frozen=True):
    """The strictest verdict of all reasons; allow when there are none."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    codes: tuple[str, ...] = ()
    """The codes of the reasons, in their order."""


ALLOWED = Decision(Verdict.ALLOW)
MISSING_REASON = Reason(INPUT_MISSING, Verdict.HOLD)
MISSING_SAYS = "Something needed to decide this is missing, so a person will look at it."
MISSING_SAYS_ZH = "作出决定所需的信息不完整，将由工作人员处理。"


def weigh(policy: Policy, hits: int, unknown: int) -> Decision:
    """Decide from bit masks (bit i = policy.rules[i]).

    Every rule counts. Any unknown rule adds the reason input_missing, which asks for a hold, so an
    unknown never lets anything through. Reasons stand heaviest first, equal weights in the policy's
    order; input_missing weighs as much as the heaviest rule can and stands before its equals.
    Raises ValueError for masks that cannot come from this policy.
    """
    if (hits | unknown) >> len(policy.rules) or hits & unknown:
        raise ValueError(f"bits {hits:#x} and {unknown:#x} do not fit {len(policy.rules)} rules")
    found = [(MAX_WEIGHT, -1, MISSING_REASON)] if unknown else []
    for place, rule in enumerate(policy.rules):
        if hits >> place & 1:
            found.append((rule.weight, place, Reason(rule.code, rule.verdict)))
    if not found:
        return ALLOWED
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    reasons = tuple(reason for _, _, reason in found)
    verdict = max(reason.verdict for reason in reasons)
    return Decision(verdict, reasons, tuple(reason.code for reason in reasons))
