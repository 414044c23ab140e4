"""The register of purposes: the ground each rests on, the data it needs, and what is told about it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Words


class Ground(StrEnum):
    """What makes a purpose lawful: the contract, a legal duty, or the customer's own consent."""

    CONTRACT = "contract"
    DUTY = "duty"
    CONSENT = "consent"


class Register(msgspec.Struct, frozen=True):
    """One purpose: its ground, the data it reads, and its name and meaning in plain words.

    `data` is agreed to together; each kind of `apart` is agreed to by itself, beside them, and taken back by
    itself: agreeing to the purpose without naming it does not agree to it.
    """

    ground: Ground
    data: tuple[DataClass, ...]
    name: Words
    says: Words
    apart: tuple[DataClass, ...] = ()

    @property
    def all(self) -> tuple[DataClass, ...]:
        """Every kind of data that may be read for the purpose by whoever agrees to it."""
        return (*self.data, *self.apart)


REGISTER: dict[Purpose, Register] = {
    Purpose.SERVICE: Register(
        Ground.CONTRACT,
        (DataClass.IDENTITY, DataClass.TRANSACTIONS),
        Words("Running your account", "为您提供账户服务"),
        Words(
            "We keep your books, make your payments and answer your questions.",
            "为您记账、办理付款、解答疑问。",
        ),
    ),
    Purpose.RISK: Register(
        Ground.DUTY,
        (
            DataClass.TRANSACTIONS,
            DataClass.DEVICES,
            DataClass.LOCATION,
            DataClass.BEHAVIOUR,
            DataClass.LABELS,
        ),
        Words("Protecting you from fraud", "保护您免受欺诈"),
        Words(
            "We check each payment for signs of theft or a scam. The law asks this of every bank.",
            "逐笔检查付款是否有被盗或受骗的迹象。这是法律对每家银行的要求。",
        ),
    ),
    Purpose.CREDIT: Register(
        Ground.CONSENT,
        (DataClass.IDENTITY, DataClass.TRANSACTIONS, DataClass.BEHAVIOUR),
        Words("Working out a loan for you", "为您测算贷款"),
        Words(
            "We look at your income and spending to say what you could borrow.",
            "查看您的收支，测算您可以借多少。",
        ),
        (DataClass.TAX, DataClass.POWER, DataClass.INVOICES, DataClass.BUREAU, DataClass.SUPPLY_CHAIN),
    ),
    Purpose.MARKETING: Register(
        Ground.CONSENT,
        (DataClass.IDENTITY, DataClass.TRANSACTIONS, DataClass.BEHAVIOUR),
        Words("Offers that suit you", "适合您的优惠"),
        Words(
            "We look at your accounts and at the pages you look at, to find offers that may suit you.",
            "查看您的账户和浏览过的页面，寻找可能适合您的产品。",
        ),
    ),
    Purpose.RESEARCH: Register(
        Ground.CONSENT,
        (DataClass.TRANSACTIONS, DataClass.BEHAVIOUR, DataClass.LABELS),
        Words("Making the bank better", "改进银行服务"),
        Words(
            "We learn from your payments, without your name, to improve our models.",
            "在不使用您姓名的前提下，从您的付款中学习，以改进模型。",
        ),
    ),
}
"""Every purpose a journey or a reader can name; nothing is read for a purpose that does not stand here."""

ASKED: tuple[Purpose, ...] = tuple(
    purpose for purpose, entry in REGISTER.items() if entry.ground is Ground.CONSENT
)
"""The purposes that rest on consent, which the customer gives and takes back."""

DATA_NAMES: dict[DataClass, Words] = {
    DataClass.IDENTITY: Words("your name and date of birth", "姓名与出生日期"),
    DataClass.TRANSACTIONS: Words("your accounts and payments", "账户与收支"),
    DataClass.DEVICES: Words("the devices you pay from", "付款所用的设备"),
    DataClass.LOCATION: Words("the places you pay from", "付款所在的地点"),
    DataClass.BEHAVIOUR: Words("how you usually pay and use the bank", "付款与使用习惯"),
    DataClass.LABELS: Words("what checks of your payments found", "对付款的核实结果"),
    DataClass.TAX: Words("your company's tax records", "企业纳税记录"),
    DataClass.POWER: Words("the power your company uses", "企业用电记录"),
    DataClass.INVOICES: Words("your company's invoices", "企业发票记录"),
    DataClass.BUREAU: Words("what the credit bureau says of your company", "企业征信记录"),
    DataClass.SUPPLY_CHAIN: Words("your company's supply-chain records", "企业供应链记录"),
}
"""What each kind of data is called on a page."""


def needs_consent(purpose: Purpose) -> bool:
    """Whether data may be read for this purpose only while the customer agrees."""
    return REGISTER[purpose].ground is Ground.CONSENT
