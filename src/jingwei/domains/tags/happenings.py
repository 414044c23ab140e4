"""What tags are computed from: what happened to customers, one row each, and the series it counts in."""

from __future__ import annotations

from typing import Final, NamedTuple

from jingwei.kernel.clock import bank_day
from jingwei.kernel.purpose import DataClass
from jingwei.kernel.refusal import Words

ALL: Final = "all"
"""The category of a series that counts everything of its kind."""

OTHER: Final = "other"
"""Where a category that is not declared is counted."""


class Happening(NamedTuple):
    """One thing that happened: `at` in microseconds UTC, `amount_minor` 0 where no money moved.

    `kind` and `category` name the series; `source` is the system that told of it.
    """

    customer: str
    at: int
    kind: str
    category: str
    amount_minor: int
    source: str

    @property
    def day(self) -> int:
        """The bank's day on which it happened (days since 1970-01-01)."""
        return bank_day(self.at)


class Kind(NamedTuple):
    """A kind of happening: the categories it is counted in, whether money moves, whose data it is."""

    code: str
    words: Words
    data: DataClass
    money: bool
    categories: tuple[tuple[str, Words], ...]


class Series(NamedTuple):
    """All happenings of one kind and category; `category` may be ALL."""

    name: str
    kind: Kind
    category: str
    words: Words


def _w(en: str, zh: str) -> Words:
    return Words(en, zh)


_CARD: Final = (
    ("groceries", _w("groceries", "日用食品")),
    ("restaurant", _w("restaurants", "餐饮")),
    ("transport", _w("transport", "出行")),
    ("clothing", _w("clothes", "服饰")),
    ("electronics", _w("electronics", "数码")),
    ("health", _w("health", "医药健康")),
    ("education", _w("education", "教育")),
    ("entertainment", _w("going out", "娱乐")),
    ("travel", _w("travel", "旅行")),
    ("online", _w("online shops", "网购")),
    ("fuel", _w("fuel", "加油")),
    ("farm_supply", _w("farm supplies", "农资")),
    ("gifts", _w("gifts", "礼品")),
    ("baby", _w("baby goods", "母婴")),
    (OTHER, _w("other shops", "其他商户")),
)
_MEMO: Final = (
    ("rent", _w("rent", "房租")),
    ("bill", _w("household bills", "水电煤通讯")),
    ("friend", _w("friends", "朋友")),
    ("family", _w("family", "家人")),
    ("gift", _w("red packets", "红包")),
    (OTHER, _w("others", "其他")),
)
_INCOME: Final = (
    ("wage", _w("wages", "工资")),
    ("pension", _w("pension", "养老金")),
    ("takings", _w("takings", "营业收入")),
    ("cash", _w("cash paid in", "现金存入")),
    (OTHER, _w("other money in", "其他入账")),
)
_PAGES: Final = (
    ("home", _w("front page", "首页")),
    ("balance", _w("balance", "余额")),
    ("transfer", _w("transfer", "转账")),
    ("statement", _w("statement", "账单")),
    ("cards", _w("cards", "银行卡")),
    ("funds", _w("funds", "基金")),
    ("loans", _w("loans", "贷款")),
    ("insurance", _w("insurance", "保险")),
    ("rates", _w("rates", "利率")),
    ("study_abroad", _w("study abroad", "留学")),
    ("mortgage", _w("mortgage", "房贷")),
    ("child_savings", _w("saving for children", "儿童储蓄")),
    ("pension", _w("pension", "养老")),
    ("exchange", _w("exchange", "换汇")),
    ("help", _w("help", "帮助")),
    (OTHER, _w("other pages", "其他页面")),
)
_THINGS: Final = tuple(
    (code, _w(en, zh))
    for code, en, zh in (
        ("clothes", "clothes", "服装"),
        ("food", "food", "食品"),
        ("phone", "phones", "手机"),
        ("home", "things for the home", "家居"),
        ("sport", "sport", "运动"),
        ("baby", "baby things", "婴儿用品"),
        ("books", "books", "图书"),
        ("beauty", "beauty", "美妆"),
        ("suitcase", "suitcases", "行李箱"),
        ("medicine", "medicine", "药品"),
        (OTHER, "other things", "其他商品"),
    )
)
_TOPICS: Final = tuple(
    (code, _w(en, zh))
    for code, en, zh in (
        ("balance", "balance", "余额"),
        ("card", "card", "银行卡"),
        ("transfer", "transfer", "转账"),
        ("loan", "loan", "贷款"),
        ("fee", "fees", "费用"),
        ("app", "the app", "手机银行"),
        ("complaint", "a complaint", "投诉"),
        ("suspicious_call", "a suspicious call", "可疑来电"),
        (OTHER, "something else", "其他"),
    )
)


def _many(*named: tuple[str, str, str]) -> tuple[tuple[str, Words], ...]:
    return tuple((code, _w(en, zh)) for code, en, zh in named)


_T, _B, _I = DataClass.TRANSACTIONS, DataClass.BEHAVIOUR, DataClass.IDENTITY
KINDS: Final = (
    Kind("card", _w("Paid by card", "刷卡消费"), _T, True, _CARD),
    Kind("out", _w("Sent", "转出"), _T, True, _MEMO),
    Kind("in", _w("Received from people", "收到转账"), _T, True, _MEMO),
    Kind("income", _w("Paid in", "入账"), _T, True, _INCOME),
    Kind("fund", _w("Funds", "基金"), _T, True, _many(("buy", "bought", "买入"), ("sell", "sold", "卖出"))),
    Kind("insurance", _w("Insurance", "保险"), _T, True,
         _many(("premium", "premiums", "保费"), ("claim", "claims", "理赔"))),
    Kind("loan", _w("Loan instalments", "贷款还款"), _T, True,
         _many(("paid", "paid in time", "按时"), ("late", "paid late", "逾期"))),
    Kind("register", _w("Public registers", "公共数据"), _B, True,
         _many(("tax", "tax", "纳税"), ("power", "power used", "用电"))),
    Kind("page", _w("Looked at in the app", "浏览"), _B, False, _PAGES),
    Kind("shop", _w("Looked at in shops online", "网购浏览"), _B, False, _THINGS),
    Kind("bought", _w("Bought in shops online", "网购下单"), _B, False, _THINGS),
    Kind("call", _w("Called about", "来电咨询"), _B, False, _TOPICS),
    Kind("sign_in", _w("Signed in", "登录"), DataClass.DEVICES, False,
         _many(("usual", "on the usual phone", "常用设备"), ("second", "on another device", "其他设备"))),
    Kind("contact", _w("Contacted by us", "客户经理联系"), _B, False,
         _many(("no_answer", "no answer", "未接通"), ("talked", "talked", "已沟通"),
               ("interested", "interested", "有意向"))),
)  # fmt: skip
"""Every kind of happening; what is of no kind here is not counted."""

_ALL: Final = _w("all", "全部")
BY_KIND: Final = {kind.code: kind for kind in KINDS}
SERIES: Final = tuple(
    Series(f"{kind.code}_{category}", kind, category, words)
    for kind in KINDS
    for category, words in ((ALL, _ALL), *kind.categories)
)
BY_SERIES: Final = {series.name: series for series in SERIES}
_NAMES: Final = {
    (kind.code, category): (f"{kind.code}_{ALL}", f"{kind.code}_{category}")
    for kind in KINDS
    for category, _ in kind.categories
}


def series_of(kind: str, category: str) -> tuple[str, ...]:
    """The names of the series a happening counts in: everything of its kind, and its category.

    A category that is not declared counts as `other` where its kind has that; a kind that is not
    declared counts nowhere.
    """
    found = _NAMES.get((kind, category))
    if found is not None:
        return found
    if kind not in BY_KIND:
        return ()
    return _NAMES.get((kind, OTHER), (f"{kind}_{ALL}",))
