"""What the interface says of early warnings, links of records, and going back to earlier rules."""

from __future__ import annotations

from typing import Any

CHINESE_STAFF = {
    "The customer whose links are shown.": "查看哪位客户的归属记录。",
    "open or answered.": "open为待处理，answered为已处理。",
    "Answer an early warning": "处理逾期预警",
    "Say what came of a warning; its case is closed. The loan itself is changed by restructuring it.": (
        "登记预警的处理结果并结案；贷款本身通过重组调整。"
    ),
    "Early warnings": "逾期预警列表",
    "Borrowers who may miss the next payment, the likeliest first; staff only.": (
        "可能错过下期还款的借款人，可能性最大者在前；仅限员工。"
    ),
    "Link a record to a customer": "将记录归属客户",
    "Say that a source's record is this customer; it can be taken back.": (
        "确认来源系统的记录属于该客户；可撤销。"
    ),
    "Take a link back": "解除归属",
    "The record is no longer that customer's, and no program links the two again.": (
        "该记录不再属于该客户，程序不会再次将二者关联。"
    ),
    "Keep a record and a customer apart": "确认记录不属于客户",
    "Say that a source's record is not this customer; no program will link the two.": (
        "确认来源系统的记录不是该客户；程序不会将二者关联。"
    ),
    "Links of a customer": "客户的归属记录",
    "Which records of source systems are this customer's, and which are not; staff only.": (
        "哪些来源系统的记录属于该客户，哪些不属于；仅限员工。"
    ),
    "Go back to earlier rules": "恢复以前的规则",
    "Publish an earlier version of a policy again, at once and under a new number.": (
        "立即以新的版本号重新发布策略的以前版本。"
    ),
    "That a borrower may miss the next instalment, what raised the chance, and what was done.": (
        "某借款人可能错过下一期还款、推高可能性的信号，以及处理情况。"
    ),
    'Whose a source\'s subject is held to be: "linked", "parted", or "apart" as a person said.': (
        "来源系统的主体归属：linked（已归属）、parted（已解除）或apart（人工确认不是同一人）。"
    ),
}

MEANINGS_STAFF = {
    "WarningAnswerAsk.outcome": ("What came of it.", "处理结果。"),
    "WarningAnswerAsk.words": ("What was said.", "沟通内容。"),
    "IdentityLinkAsk.source": ("The source system.", "来源系统。"),
    "IdentityPartingAsk.source": ("The source system.", "来源系统。"),
    "subject": ("The source's own key of the record.", "来源系统中该记录的主键。"),
    "IdentityLinkAsk.customer": ("The customer.", "客户。"),
    "IdentityLinkAsk.reason": ("Why; it is sealed.", "理由；将封存留痕。"),
    "IdentityPartingAsk.reason": ("Why; it is sealed.", "理由；将封存留痕。"),
    "back_to": ("The version whose rules judge again.", "重新生效的版本。"),
    "RollbackAsk.reason": ("Why; it is sealed.", "理由；将封存留痕。"),
}

SAMPLES_STAFF: dict[str, Any] = {
    "WarningAnswerAsk.outcome": "spoken",
    "WarningAnswerAsk.words": "The wage comes on Monday.",
    "IdentityLinkAsk.source": "cards",
    "IdentityPartingAsk.source": "cards",
    "subject": "K-4711",
    "back_to": "outgoing_transfer@1",
    "IdentityLinkAsk.reason": "same certificate",
    "IdentityPartingAsk.reason": "the customer's brother",
    "RollbackAsk.reason": "too many customers were asked",
}
"""What stands in the examples of request bodies."""
