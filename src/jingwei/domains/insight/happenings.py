"""What a source system tells of a customer, in one shape: a happening, and the kinds there are."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from jingwei.kernel.purpose import DataClass
from jingwei.kernel.refusal import Words

Direction = Literal["in", "out", "signed", "none"]


class Kind(NamedTuple):
    """A kind of happening: which kind of data it is, which way its money goes, and what it is called.

    "in" is money that came to the customer (its amount is stored above zero), "out" money that went
    (below zero), "signed" keeps the sign the source gives, "none" has no amount.
    """

    data: DataClass
    direction: Direction
    words: Words


_T, _B = DataClass.TRANSACTIONS, DataClass.BEHAVIOUR

KINDS: Final[dict[str, Kind]] = {
    "card_payment": Kind(_T, "out", Words("Card payment", "刷卡消费")),
    "transfer_out": Kind(_T, "out", Words("Transfer sent", "转出")),
    "transfer_in": Kind(_T, "in", Words("Transfer received", "转入")),
    "deposit": Kind(_T, "in", Words("Money paid in", "入账")),
    "withdrawal": Kind(_T, "out", Words("Cash taken out", "取现")),
    "loan_instalment": Kind(_T, "out", Words("Loan instalment", "贷款还款")),
    "fund_bought": Kind(_T, "out", Words("Fund bought", "买入基金")),
    "fund_sold": Kind(_T, "in", Words("Fund sold", "卖出基金")),
    "premium": Kind(_T, "out", Words("Insurance premium", "保费")),
    "claim": Kind(_T, "in", Words("Insurance claim paid", "理赔款")),
    "fee": Kind(_T, "out", Words("Fee", "费用")),
    "page_viewed": Kind(_B, "none", Words("Page looked at", "浏览页面")),
    "contact": Kind(_T, "none", Words("Talk with us", "客户经理联系")),
    "call": Kind(_T, "none", Words("Call to customer service", "致电客服")),
    "complaint": Kind(_T, "none", Words("Complaint", "投诉")),
    "signed_in": Kind(DataClass.DEVICES, "none", Words("Sign-in", "登录")),
    "visit": Kind(DataClass.LOCATION, "none", Words("Branch visit", "到访网点")),
    "tax": Kind(_B, "out", Words("Tax (register)", "纳税记录")),
    "power_used": Kind(_B, "none", Words("Electricity used (register)", "用电记录")),
    "item_viewed": Kind(_B, "none", Words("Item looked at in a shop", "浏览商品")),
    "item_bought": Kind(_B, "none", Words("Item bought in a shop", "购买商品")),
    "tax_return": Kind(DataClass.TAX, "signed", Words("Tax return of a company", "企业纳税申报")),
    "power_bill": Kind(DataClass.POWER, "none", Words("Power bill of a company", "企业电费账单")),
    "invoice": Kind(DataClass.INVOICES, "signed", Words("Invoice of a company", "企业开票")),
    "chain_order": Kind(DataClass.SUPPLY_CHAIN, "signed", Words("Order in a supply chain", "供应链订单")),
    "fraud_report": Kind(DataClass.LABELS, "none", Words("Fraud reported", "欺诈报案")),
    "profile": Kind(DataClass.IDENTITY, "none", Words("Profile noted", "资料登记")),
}
"""Every kind of happening a mapping may produce. To add one is one line.

Talks, calls and complaints are dealings with us, as payments are: they serve what the contract serves.
"""

MOVES_MONEY: Final = tuple(
    name for name, kind in KINDS.items() if kind.direction != "none" and kind.data is _T
)
"""The kinds that are part of the picture of a customer's cash."""

LONGEST: Final = 200
"""Most characters of one text of a happening."""


class Happening(NamedTuple):
    """One thing a source system tells of one customer, whichever system it is.

    `subject` is the customer as the source names them; `at` is when it happened, `known_at` when the
    source knew (microseconds UTC). `amount_minor` is whole minor units of `currency`, from the customer's
    side: above zero came in, below zero went out, 0 for none. `value` is another whole number the kind
    carries (days late, watt hours, a risk class). `row_key` is the source's number of the row, "" for none.
    """

    subject: str
    at: int
    known_at: int
    kind: str
    category: str = ""
    amount_minor: int = 0
    currency: str = ""
    value: int = 0
    other: str = ""
    text: str = ""
    row_key: str = ""


class Told(NamedTuple):
    """A happening as the shelf gives it back: numbered in the order of arrival, with source and customer.

    `customer` is "" while nobody knows whose it is.
    """

    id: int
    source: str
    customer: str
    subject: str
    at: int
    known_at: int
    kind: str
    category: str
    amount_minor: int
    currency: str
    value: int
    other: str
    text: str


class Profile(NamedTuple):
    """What a source says of who a subject is; "" where it says nothing.

    `born` is an ISO date or a year. `certificate` is a keyed digest (hex) of the certificate's number,
    never the number; phone and email are in one canonical form (see `identity`).
    """

    subject: str
    known_at: int
    name: str = ""
    born: str = ""
    certificate: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""
    address: str = ""
    device: str = ""


PROFILE_FIELDS: Final = Profile._fields[2:]
"""The fields by which people are told apart."""
