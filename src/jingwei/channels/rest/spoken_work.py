"""What the interface says of what is under way, in both languages."""

from __future__ import annotations

from typing import Any

CHINESE_WORK = {
    "Scheduled payments": "预约付款",
    "One's own scheduled payments; staff name the customer.": "本人的预约付款；员工须注明客户。",
    "Payments that wait": "等待中的付款",
    "One's own payments that wait or waited for their undo window; staff name the customer.": (
        "本人等待中或曾等待撤回期的付款；员工须注明客户。"
    ),
    "Payees": "收款人",
    "Everybody one keeps as a payee; staff name the customer.": "本人保存的全部收款人；员工须注明客户。",
    "The work on a case": "案件处理情况",
    "Who has a case, in which inbox, how it was judged, and its notes; staff only.": (
        "案件由谁受理、在哪个收件箱、如何认定及其备注；仅限员工。"
    ),
    "Policy drafts": "策略草案列表",
    "Every draft, oldest first; staff only.": "全部草案，最早在前；仅限员工。",
    "One policy draft": "单份策略草案",
    "A draft with the file that was proposed; staff only.": "草案及其提交的文件；仅限员工。",
    "Propose a policy": "提出策略草案",
    "Propose a policy version and say why; `made` is the draft.": (
        "提出新的策略版本并说明理由；`made`为草案编号。"
    ),
    "A payment made by itself: when next, until when, and what the last one came to.": (
        "自动执行的付款：下次时间、截止日期及最近一次的结果。"
    ),
    "An allowed payment that waits and can be undone until `settle_at`, and what became of it.": (
        "已通过、正在等待的付款，在`settle_at`之前可以撤回，以及其结果。"
    ),
    "Somebody a customer keeps as a payee.": "客户保存的收款人。",
    "A remark on a case.": "案件的备注。",
    "The work on a case: who has it, where it stands, how it was judged, and its notes, oldest first.": (
        "案件的处理：受理人、所在收件箱、认定结果与备注，最早在前。"
    ),
    "A proposed policy version; `text` is its file, told of one draft alone and empty in a list.": (
        "提出的策略版本；`text`为其文件，仅在查看单份草案时给出，列表中为空。"
    ),
    "Approve a policy draft": "批准策略草案",
    "Publish a draft somebody else proposed; payments are judged by it from then on.": (
        "发布他人提出的草案；此后的付款即按其判断。"
    ),
    "Turn a policy draft down": "否决策略草案",
    "Close a draft without publishing it.": "关闭草案，不予发布。",
    "Let a draft judge along": "草案影子运行",
    "Judge payments by a draft too, without effect, or stop that.": "同时按草案判断付款但不生效，或停止。",
}

MEANINGS_WORK = {
    "DraftAsk.why": ("Why the rules should change.", "修改规则的理由。"),
    "digest": ("The digest of the rules that were read.", "所审阅规则的摘要。"),
    "DraftRejectionAsk.reason": ("Why it is turned down.", "否决的理由。"),
    "DraftShadowAsk.on": ("True begins, false ends.", "true为开始，false为停止。"),
    "draft": ("Id of the policy draft.", "策略草案的编号。"),
}

SAMPLES_WORK: dict[str, Any] = {
    "DraftAsk.why": "smaller amounts to new payees, too",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "DraftRejectionAsk.reason": "too many customers would be asked",
    "DraftShadowAsk.on": True,
}
"""What stands in the examples of request bodies."""
