"""The loan contract as a document: its terms are all there, and it is set the same way each time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from jingwei.channels.web.contract_paper import content, contract_pdf, digest
from jingwei.channels.web.saved import font
from jingwei.domains.credit.applying import offered
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.products import shipped
from jingwei.kernel.clock import parse_iso

AT = parse_iso("2026-11-02T04:00:00")
PRODUCT = shipped().find("personal_loan")
assert PRODUCT is not None
ASKED = LoanApplication(
    "Q00000000001", "dora", PRODUCT.id, "dora", 1_200_000, "CNY", 12, "", AT, "D00000000001"
)
OFFER = offered(ASKED, PRODUCT, 120_000, AT)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_that_is_signed_stands_in_it(lang: str) -> None:
    assert PRODUCT is not None
    told = content(OFFER, PRODUCT, lang)
    facts = str(told["facts"])
    assert all(text in facts for text in (OFFER.id, "12000.00 CNY", "12.00 %", "12.68 %", OFFER.terms_sha256))
    rows = told["rows"]
    assert (
        isinstance(rows, list) and len(rows) == 12 and rows[0] == ("1", "946.19", "120.00", "0.00", "1066.19")
    )
    assert "7" in str(told["clauses"])


@pytest.mark.skipif(font() is None, reason="no font with Chinese letters")
def test_the_same_terms_are_the_same_bytes_and_other_terms_are_others() -> None:
    assert PRODUCT is not None
    first = contract_pdf(OFFER, PRODUCT, "zh")
    assert first.startswith(b"%PDF-") and digest(first) == digest(contract_pdf(OFFER, PRODUCT, "zh"))
    other = offered(replace(ASKED, amount_minor=1_200_100), PRODUCT, 120_000, AT)
    assert digest(contract_pdf(other, PRODUCT, "zh")) != digest(first)
