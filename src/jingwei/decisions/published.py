"""Published policy versions: which record brought each, and that none changes under its name and number."""

from __future__ import annotations

from jingwei.decisions.wrong_in_chinese import both
from jingwei.kernel.refusal import Words, declare, word_details
from jingwei.ledger.accounts import Kept


class PolicyVersion(Kept, frozen=True):
    """One version of a policy; `id` is "name@version", `record` is the decision that sealed its text."""

    name: str
    digest: str
    record: str


declare(
    {
        "policy_not_valid": Words("The policy cannot be used: {error}", "该策略无法使用：{error}"),
        "policy_version_used": Words(
            "Version {version} of this policy was published with other rules; give yours the next number.",
            "该策略的第{version}版已发布且规则不同，请使用下一个版本号。",
        ),
    }
)
word_details(("policy_not_valid",), both)
