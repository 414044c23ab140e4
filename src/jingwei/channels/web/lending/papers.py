"""Papers of a loan: contract, refusal letter, payoff letter. What they say is data; Typst sets it as PDF."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from jingwei.channels.web.lending.told import (
    Row,
    advice_of,
    day_text,
    product_of,
    rows_of,
    sentence,
    standing,
    terms_json,
)
from jingwei.channels.web.pages import worded
from jingwei.channels.web.phrases import say
from jingwei.channels.web.saved import PrintFailed, font
from jingwei.domains.credit.advice import told
from jingwei.domains.credit.letter import letter, of_company
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.domains.credit.offer import percent
from jingwei.domains.credit.schedule import unpack
from jingwei.kernel.clock import EPOCH, SECOND, local_text
from jingwei.kernel.money import format_minor
from jingwei.kernel.refusal import Words
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from jingwei.stores.store import Reader

LANGS = ("zh", "en")
MOST_KEPT = 64
BLANK = Words("–", "–")


class Part(msgspec.Struct, frozen=True):
    """A piece of a paper: a heading, paragraphs, pairs of (what, value), and a table with its heads."""

    title: str = ""
    lines: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Paper(msgspec.Struct, frozen=True):
    """A whole paper. `lang` names the letters; `made_at` (microseconds UTC) is of the record it tells of,
    so that the same record always gives the same bytes."""

    lang: str
    title: str
    about: str
    parts: tuple[Part, ...]
    foot: str
    made_at: int


def both(key: str, **values: object) -> str:
    """A sentence in Chinese and English."""
    return " / ".join(dict.fromkeys(say(lang, key, **values) for lang in LANGS))


def amount(minor: int, code: str) -> str:
    """An amount as papers write it."""
    return f"{format_minor(minor, code)} {code}"


def table(rows: list[Row], code: str, heads: tuple[str, ...], title: str) -> Part:
    """A schedule: when, how much, of which principal, interest and fee."""
    cells = tuple(
        (
            str(row.n) if row.n else "–", row.day, format_minor(row.amount, code),
            format_minor(row.principal, code), format_minor(row.interest, code), format_minor(row.fee, code),
        )
        for row in rows
    )  # fmt: skip
    return Part(title=title, heads=heads, rows=cells)


HEADS = ("n", "day", "amount", "principal", "interest", "fee")


def person_name(reader: Reader, who: str) -> str:
    """The name of a customer, or the number when there is none."""
    found = next(iter(reader.load(Customer, [who])), None)
    return found.name if found and found.name else who


def contract(reader: Reader, application: LoanApplication) -> Paper:
    """The contract of an offer in both languages: who, how much, at what price, when, and one's rights."""
    one, product = application, product_of(application.product)
    code = one.currency
    terms = (
        (both("paper.amount"), amount(one.amount_minor, code)),
        (both("paper.rate"), f"{percent(one.rate_ppm)} %"),
        (both("paper.effective"), f"{percent(one.effective_ppm)} %"),
        (both("paper.interest"), amount(one.interest_minor, code)),
        (both("paper.fee"), amount(one.fee_minor, code)),
        (both("paper.total"), amount(one.total_minor, code)),
        (both("paper.kind"), both(f"loans.kind.{product.kind}")),
        (both("paper.months"), str(one.months)),
    )
    parties = (
        (both("paper.lender"), both("bank")),
        (both("paper.borrower"), f"{person_name(reader, one.customer)} ({one.customer})"),
        (both("paper.account"), one.account),
        (both("paper.product"), f"{product.name.zh} / {product.name.en} ({product.id})"),
    )
    late = {"days": product.grace_days, "percent": product.penalty_percent}
    early = {"percent": f"{product.early_basis_points // 100}.{product.early_basis_points % 100:02d}"}
    cooling = "paper.cooling" if product.cooling_off_days else "paper.no_cooling"
    rights = [
        *_each("paper.late", **late),
        *_each("paper.early", **early),
        *_each(cooling, days=product.cooling_off_days),
        *_each("paper.days"),
        *_each("paper.appeal_company" if of_company(one) else "paper.appeal"),
    ]
    words = sentence(one)
    return Paper(
        "zh",
        both("paper.contract"),
        both("paper.contract_about", number=one.id, day=local_text(one.offered_at, "%Y-%m-%d")),
        (
            Part(both("paper.parties"), pairs=parties),
            Part(both("paper.terms"), (words.zh, words.en), terms),
            table(
                rows_of(unpack(one.plan)),
                code,
                tuple(both(f"paper.head.{h}") for h in HEADS),
                both("paper.schedule"),
            ),
            Part(both("paper.rights"), tuple(rights)),
            Part(both("paper.digest"), (*_each("paper.digest_says"), one.terms_sha256)),
        ),
        both("paper.contract_foot"),
        one.offered_at,
    )


def _each(key: str, **values: object) -> list[str]:
    return [say(lang, key, **values) for lang in LANGS]


def refusal(reader: Reader, application: LoanApplication, lang: str) -> Paper:
    """The letter about a refused application, in one language."""
    one, found = application, letter(application)
    asked = {"amount": amount(one.amount_minor, one.currency), "months": one.months}
    parts = [Part("", (say(lang, "paper.refused_says", name=person_name(reader, one.customer), **asked),))]
    if one.words:
        parts.append(Part(say(lang, "paper.words"), (one.words,)))
    if found.policy:
        parts.append(Part(say(lang, "paper.policy"), tuple(worded(w, lang) for _, w in found.policy)))
    if found.score:
        lines = (say(lang, "paper.score_line", what=worded(w, lang), points=by) for _, by, w in found.score)
        parts.append(Part(say(lang, "paper.score"), (say(lang, "paper.score_says"), *lines)))
    advice = advice_of(one)
    says = tuple(
        say(lang, f"paper.advice.{item.leads_to}", what=worded(told(item, one.currency), lang))
        for item in advice
    )
    parts.append(Part(say(lang, "paper.advice"), says or (say(lang, "paper.no_advice"),)))
    parts.append(Part(say(lang, "paper.law"), (worded(found.law, lang),)))
    parts.append(
        Part(say(lang, "paper.appeal_title"), (worded(found.appeal, lang), say(lang, "paper.appeal_how")))
    )
    about = say(lang, "paper.refused_about", number=one.id, day=local_text(one.asked_at, "%Y-%m-%d"))
    return Paper(lang, say(lang, "paper.refused"), about, tuple(parts), say(lang, "paper.foot"), one.asked_at)


def payoff(reader: Reader, loan: Loan, lang: str, day_start: int) -> Paper:
    """What repays the loan on the day that begins at this moment, or that nothing is owed any more."""
    code, shown = loan.currency, standing(loan, day_start)
    name = person_name(reader, loan.customer)
    pairs = [
        (say(lang, "paper.borrower"), f"{name} ({loan.customer})"),
        (say(lang, "paper.amount"), amount(loan.amount_minor, code)),
        (say(lang, "paper.signed"), local_text(loan.signed_at, "%Y-%m-%d")),
        (say(lang, "paper.paid_interest"), amount(loan.interest_paid_minor, code)),
    ]
    if loan.status == "running":
        pairs += [
            (say(lang, "paper.left"), amount(shown.loan.principal_minor, code)),
            (say(lang, "paper.payoff"), amount(shown.all_minor, code)),
        ]
        says = say(lang, "paper.payoff_says", day=local_text(day_start, "%Y-%m-%d"))
    else:
        pairs.append((say(lang, "paper.ended"), day_text(loan.ended_at)))
        says = say(lang, f"paper.over.{loan.status}")
    heads = tuple(say(lang, f"paper.head.{head}") for head in HEADS)
    parts = (
        Part("", (says,), tuple(pairs)),
        table(shown.rows, code, heads, say(lang, "paper.schedule")),
        Part(say(lang, "paper.digest"), (say(lang, "paper.digest_signed"), loan.terms_sha256)),
    )
    about = say(lang, "paper.loan_about", number=loan.id, day=local_text(day_start, "%Y-%m-%d"))
    title = say(lang, "paper.payoff_title" if loan.status == "running" else "paper.over_title")
    return Paper(lang, title, about, parts, say(lang, "paper.foot"), day_start)


def as_pdf(paper: Paper) -> bytes:
    """The paper as tagged PDF (A4): the same bytes for the same paper. `font()` must not be None."""
    import typst

    assert font() is not None, "ask font() first"
    layout = (files("jingwei.channels.web") / "templates" / "loan_paper.typ").read_bytes()
    pdf = typst.compile(
        layout, format="pdf", timestamp=EPOCH + timedelta(seconds=paper.made_at // SECOND),
        sys_inputs={"paper": msgspec.json.encode(paper).decode(), "lang": paper.lang},
    )  # fmt: skip
    assert isinstance(pdf, bytes), "one document is one file"
    return pdf


async def printed(paper: Paper) -> bytes:
    """The PDF, set on a thread of its own; what was set lately is kept. Raises PrintFailed."""
    mark = hashlib.sha256(msgspec.json.encode(paper)).digest()
    kept = _KEPT.get(mark)
    return kept if kept is not None else await asyncio.shield(_under_way(mark, paper))


def foresee(reader: Reader, application: LoanApplication) -> None:
    """Begin to set the contract of an offer while it is being read, so that signing need not wait for it."""
    if font() is not None:
        paper = contract(reader, application)
        mark = hashlib.sha256(msgspec.json.encode(paper)).digest()
        if mark not in _KEPT:
            _under_way(mark, paper)


def _under_way(mark: bytes, paper: Paper) -> asyncio.Task[bytes]:
    """The work of setting this paper: begun once, however many wait for it."""
    loop = asyncio.get_running_loop()
    task = _SETTING.get((loop, mark))
    if task is None:
        task = _SETTING[loop, mark] = loop.create_task(_set(mark, paper))
        task.add_done_callback(lambda done: _over(loop, mark, done))
    return task


async def _set(mark: bytes, paper: Paper) -> bytes:
    try:
        pdf = _KEPT[mark] = await asyncio.to_thread(as_pdf, paper)
    except RuntimeError as error:
        raise PrintFailed(str(error)) from None
    while len(_KEPT) > MOST_KEPT:
        _KEPT.popitem(last=False)
    return pdf


def _over(loop: asyncio.AbstractEventLoop, mark: bytes, done: asyncio.Task[bytes]) -> None:
    """Forget the work; what went wrong is told to whoever waits, and again to whoever asks next."""
    del _SETTING[loop, mark]
    if not done.cancelled():
        done.exception()


_KEPT: OrderedDict[bytes, bytes] = OrderedDict()
_SETTING: dict[tuple[asyncio.AbstractEventLoop, bytes], asyncio.Task[bytes]] = {}


async def contract_digest(reader: Reader, application: LoanApplication) -> str:
    """The SHA-256 of the contract as a document; "" where none can be printed."""
    if font() is None:
        return ""
    try:
        return hashlib.sha256(await printed(contract(reader, application))).hexdigest()
    except PrintFailed:
        return ""


__all__ = ["Paper", "contract", "contract_digest", "foresee", "payoff", "printed", "refusal", "terms_json"]
