"""What the interface says of lending, in both languages."""

from __future__ import annotations

from typing import Any

GROUPS_LENDING = {"loans": ("Loans", "贷款")}

CHINESE_LENDING = {
    "Apply for a loan": "申请贷款",
    "Ask for a loan; decided at once. `made` is the application, which says what was decided and why.": (
        "申请贷款，即时作出决定。`made`为申请编号，申请中载明决定与理由。"
    ),
    "Sign a loan": "签署贷款",
    "Sign exactly what was offered; the money is paid out in the same step.": (
        "签署与方案完全一致的条款，同步放款。"
    ),
    "Turn a loan offer down": "放弃贷款方案",
    "Close an offer without signing it.": "不签署并关闭该方案。",
    "Appeal against a refused loan": "对贷款拒绝提出申诉",
    "Ask that a person decides again on the same facts; once for each application.": (
        "请工作人员依据相同事实重新决定；每项申请一次。"
    ),
    "Pay on a loan": "归还贷款",
    "Pay what is due, or repay early: over fewer months, in smaller instalments, or everything.": (
        "归还到期款项，或提前还款：缩短期限、减少每期金额或全部结清。"
    ),
    "Give a new loan back": "撤销新贷款",
    "Give a loan back whole in its cooling-off time, free of charge.": "在冷静期内全额退回贷款，不收费用。",
    "Restructure a loan": "贷款重组",
    "Spread what a loan owes over other months; staff only, two for large loans.": (
        "将所欠款项重新分期；仅限员工，大额须双人。"
    ),
    "Write a loan off": "贷款核销",
    "Give a loan up as lost in the books; staff only, two for large loans.": (
        "在账上核销贷款；仅限员工，大额须双人。"
    ),
    "Decide on a loan application": "审批贷款申请",
    "Approve, approve less, or refuse an application that waits for a person; two for large ones.": (
        "对待人工审批的申请予以通过、减额通过或拒绝；大额须双人。"
    ),
    "Open or close a pay-later line": "开通或关闭先享后付",
    "Open the line that is offered, turn it down, or close an open one.": (
        "开通所提供的额度、放弃，或关闭已开通的额度。"
    ),
    "Split a purchase into instalments": "消费分期",
    "Lend the price of a card purchase back to the account, to be repaid in instalments.": (
        "将一笔刷卡消费的金额借回账户，分期归还。"
    ),
    "Sources of a company loan": "企业贷款的数据来源",
    "What a company is asked to let be read, each by itself; agreed to with `POST /v1/consents`.": (
        "请企业同意读取的各项数据来源，逐项授权；用`POST /v1/consents`同意。"
    ),
    "One figure of a company: its name, its value as people read it, and what it is about.": (
        "企业的一项指标：名称、可读的数值与含义。"
    ),
    'A source of a company\'s records: `state` is "read", "no_records" or "not_agreed".': (
        "企业数据的一项来源。`state`为read（已读取）、no_records（记录不足）或not_agreed（未同意）。"
    ),
    "What a company was decided on: the bank's own figures, and each source it was asked for.": (
        "对企业作出决定所依据的内容：我行自有指标与各项来源。"
    ),
    "A source companies are asked for: whether it may be read now, what it is called, and what it is for.": (
        "请企业同意的一项来源：目前是否可读取、名称与用途。"
    ),
    "Loan products": "贷款产品",
    "Every loan product: amounts, terms and what each risk grade pays.": (
        "全部贷款产品：金额、期限与各等级利率。"
    ),
    "Loan applications": "贷款申请列表",
    "One's own applications, newest first; staff see one customer's with `?owner=`.": (
        "本人的申请，最新在前；员工用`?owner=`查看某一客户。"
    ),
    "One loan application": "单项贷款申请",
    "An application: the decision, its reasons, the offer or the letter.": "申请：决定、理由、方案或函件。",
    "Loans": "贷款列表",
    "One's own loans, newest first; staff see one customer's with `?owner=`.": (
        "本人的贷款，最新在前；员工用`?owner=`查看某一客户。"
    ),
    "One loan": "单笔贷款",
    "A loan with its schedule, what is due now, and what would repay all of it.": (
        "贷款及其还款计划、目前应还与全部结清金额。"
    ),
    "Pay-later lines": "先享后付额度",
    "One's own pay-later lines; staff see one customer's with `?owner=`.": (
        "本人的先享后付额度；员工用`?owner=`查看某一客户。"
    ),
    "A sentence in both languages.": "双语语句。",
    "What a risk grade pays a year and can borrow at most.": "某风险等级的年利率与最高可借金额。",
    "A loan product: what can be lent, for how long, and what each grade pays.": (
        "贷款产品：可借金额、期限与各等级利率。"
    ),
    'What is due on one day, and what of it is paid. `state` is "ahead", "due", "paid" or "early".': (
        "某一到期日的应还与已还金额。`state`为ahead（未到期）、due（应还）、paid（已还）或early（提前还款）。"
    ),
    "One line of the score: how many points it gave and what it is about.": "评分的一项：得分与含义。",
    "A refusal explained: reasons of policy and of score apart, what would help, the law, how to appeal.": (
        "对拒绝的说明：政策理由与评分理由分列，可改善之处、法律依据与申诉方式。"
    ),
    "An application: what was asked, what was decided and why, and the offer if there is one.": (
        "申请：申请内容、决定与理由，以及贷款方案（如有）。"
    ),
    "A loan as it stands now: what is lent, due and late, and what would repay all of it.": (
        "贷款现状：未还本金、应还、逾期与全部结清金额。"
    ),
    "A pay-later line: its limit, what is drawn, and what is left.": "先享后付额度：额度、已用与剩余。",
    'Changes which together turn the refusal, and what the answer would then be ("offer" or "person").': (
        "合起来可改变结果的调整，及调整后的结果（offer为提供方案，person为人工决定）。"
    ),
    "One thing a person can change: `code` of WORDS and the value to bring it to (minor units, counts).": (
        "可作出的一项调整：`code`为代码，`value`为应达到的值（最小货币单位或数量）。"
    ),
}

MEANINGS_LENDING = {
    "LoanAsk.product": ("The loan product, such as personal_loan.", "贷款产品，如personal_loan。"),
    "LoanAsk.account": (
        "Where the money goes, and where instalments come from.",
        "放款账户，分期款项亦由此扣收。",
    ),
    "LoanAsk.amount": ("How much to borrow, in the product's currency.", "借款金额，币种同产品。"),
    "LoanAsk.purpose": ("What the money is for.", "借款用途。"),
    "months": ("Over how many months.", "期限（月）。"),
    "person": ("True: a person shall decide.", "true：要求由工作人员决定。"),
    "LoanSignatureAsk.account": ("The account the offer names.", "方案所列账户。"),
    "LoanSignatureAsk.amount": ("The amount that was offered.", "方案所列金额。"),
    "terms_sha256": ("The digest of the terms that were offered.", "方案条款的摘要。"),
    "contract_sha256": (
        "The digest of the contract as a document, if one was shown.",
        "合同文件的摘要（如有）。",
    ),
    "LoanAppealAsk.text": ("Why the decision is wrong, in one's own words.", "申诉理由，用自己的话说明。"),
    "RepaymentAsk.amount": ("How much; not needed to repay everything.", "还款金额；全部结清时无须填写。"),
    "how": (
        "What is due, more for fewer months or smaller instalments, or all of it.",
        "due为归还到期款项，shorter为缩短期限，smaller为减少每期金额，all为全部结清。",
    ),
    "RestructuringAsk.why": ("Why the loan is restructured.", "重组原因。"),
    "WriteOffAsk.why": ("Why the loan is written off.", "核销原因。"),
    "approve": ("True approves, false refuses.", "true为通过，false为拒绝。"),
    "LoanReviewAsk.words": ("What the customer is told.", "告知客户的话。"),
    "LoanReviewAsk.amount": ("Less than was asked; 0 is what was asked.", "低于申请的金额；0为按申请金额。"),
    "accept": ("True opens the line.", "true为开通。"),
    "purchase": ("The decision of the card payment.", "刷卡消费的决定编号。"),
    "application": ("Id of the loan application.", "贷款申请的编号。"),
    "loan": ("Id of the loan.", "贷款的编号。"),
}

SAMPLES_LENDING: dict[str, Any] = {
    "months": 12,
    "LoanAsk.product": "personal_loan",
    "LoanAsk.amount": "12000.00",
    "LoanAsk.purpose": "a new kitchen",
    "terms_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "LoanAppealAsk.text": "The late payment was the other bank's mistake.",
    "RepaymentAsk.amount": "1066.19",
    "RestructuringAsk.why": "lost work, has found a new one",
    "WriteOffAsk.why": "the estate is empty",
    "approve": True,
    "LoanReviewAsk.words": "We spoke; the income is steady.",
    "accept": True,
    "purchase": "D00000000012",
}
"""What stands in the examples of request bodies."""
