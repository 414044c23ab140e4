"""The loan contract as a PDF: the very terms that are signed, the same bytes each time they are set."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from importlib.resources import files

import msgspec

from jingwei.channels.rest.told_lending import sentence_of
from jingwei.channels.web.phrases import say
from jingwei.channels.web.saved import font
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.offer import percent
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.schedule import unpack
from jingwei.kernel.clock import EPOCH
from jingwei.kernel.money import format_minor

HEADS = ("month", "principal", "interest", "fee", "amount")


def contract_pdf(offer: LoanApplication, product: LoanProduct, lang: str) -> bytes:
    """The contract of an offer (A4), dated when it was made. `saved.font()` must not be None.

    Its digest goes into SignLoan.contract_sha256: whoever sets it again gets the same bytes.
    """
    import typst

    assert font() is not None, "ask saved.font() first"
    made = EPOCH + timedelta(microseconds=offer.offered_at)
    told = msgspec.json.encode(content(offer, product, lang)).decode()
    layout = (files("jingwei.channels.web") / "templates" / "contract.typ").read_bytes()
    pdf = typst.compile(layout, format="pdf", timestamp=made, sys_inputs={"paper": told, "lang": lang})
    assert isinstance(pdf, bytes), "one document is one file"
    return pdf


def digest(pdf: bytes) -> str:
    """What stands in the evidence for this document: its SHA-256."""
    return hashlib.sha256(pdf).hexdigest()


def content(offer: LoanApplication, product: LoanProduct, lang: str) -> dict[str, object]:
    """What the layout sets: plain texts; none of them is run."""
    code, plan = offer.currency, unpack(offer.plan)
    sentence = sentence_of(offer)
    assert sentence is not None, "only an offer has a contract"
    zh = lang == "zh"
    facts = {
        "application": offer.id,
        "borrower": offer.customer,
        "account": offer.account,
        "product": f"{product.name.zh if zh else product.name.en} ({product.id})",
        "lent": f"{format_minor(offer.amount_minor, code)} {code}",
        "rate": f"{percent(offer.rate_ppm)} %",
        "effective": f"{percent(offer.effective_ppm)} %",
        "total": f"{format_minor(offer.total_minor, code)} {code}",
        "terms": offer.terms_sha256,
    }
    skipped = offer.months - len(plan)
    rows = [
        (
            str(skipped + n),
            *(format_minor(minor, code) for minor in (one.principal, one.interest, one.fee, one.amount)),
        )
        for n, one in enumerate(plan, start=1)
    ]
    clauses = [
        say(lang, "contract.due"),
        say(lang, "contract.late", percent=product.penalty_percent, days=product.grace_days),
        say(lang, "contract.early", points=percent(product.early_basis_points * 100)),
        say(lang, "contract.cooling", days=product.cooling_off_days),
    ]
    return {
        "title": f"{say(lang, 'bank')} · {say(lang, 'contract.title')}",
        "sentence": sentence.zh if zh else sentence.en,
        "facts": [(say(lang, f"contract.{name}"), value) for name, value in facts.items()],
        "heads": [say(lang, f"contract.{name}") for name in HEADS],
        "rows": rows,
        "clauses": clauses if product.cooling_off_days else clauses[:-1],
    }
