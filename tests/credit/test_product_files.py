"""Loan product files: every problem is told with its line and field; the shipped ones can be used."""

from __future__ import annotations

import pytest

from jingwei.domains.credit.product_file import parse_loan_product
from jingwei.domains.credit.products import LoanProducts, shipped
from jingwei.ledger.product_file import ProductError

GOOD = """code = "car_loan"
version = 1
currency = "CNY"
kind = "annuity"
terms = [12, 24]
doubtful = ["B"]

[name]
en = "Car loan"
zh = "汽车贷款"

[about]
en = "For a car."
zh = "购车。"

[amount]
least = "1000.00"
most = "100000.00"

[late]
penalty_percent = 50

[[price]]
grade = "A"
rate_ppm = 40_000

[[price]]
grade = "B"
rate_ppm = 60_000
most = "50000.00"
"""


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ProductError) as found:
        parse_loan_product(text, "car.toml")
    assert str(found.value).startswith("car.toml:")
    return [(one.line, one.field) for one in found.value.problems]


def test_a_good_file_is_read() -> None:
    product = parse_loan_product(GOOD, "car.toml")
    assert (product.id, product.terms, product.most_minor) == ("car_loan@1", (12, 24), 10_000_000)
    assert [price.most_minor for price in product.prices] == [10_000_000, 5_000_000]
    assert product.price("C") is None


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ('code = "car_loan"', 'code = "Car loan"', 1, "code"),
        ('currency = "CNY"', 'currency = "XYZ"', 3, "currency"),
        ('kind = "annuity"', 'kind = "anuity"', 4, "kind"),
        ("terms = [12, 24]", "terms = [24, 12]", 5, "terms"),
        ("terms = [12, 24]", "terms = [0]", 5, "terms"),
        ("terms = [12, 24]", "terms = [12.5]", 5, "terms"),
        ("terms = [12, 24]", "terms = []", 5, "terms"),
        ('doubtful = ["B"]', 'doubtful = ["C"]', 6, "doubtful"),
        ('least = "1000.00"', 'least = "200000.00"', 18, "amount.most"),
        ('least = "1000.00"', "least = 1000", 17, "amount.least"),
        ("penalty_percent = 50", "penalty_percent = 51", 21, "late.penalty_percent"),
        ("penalty_percent = 50", "penalty_percent = 29", 21, "late.penalty_percent"),
        ("rate_ppm = 40_000", "rate_ppm = 240_001", 25, "price[1].rate_ppm"),
        ("rate_ppm = 60_000", "rate_ppm = 39_999", 29, "price[2].rate_ppm"),
        ('grade = "B"', 'grade = "A"', 28, "price[2].grade"),
        ('grade = "B"', 'grade = "F"', 28, "price[2].grade"),
        ('most = "50000.00"', 'most = "100000.01"', 30, "price[2].most"),
        ('most = "50000.00"', 'mots = "50000.00"', 30, "price[2].mots"),
        ('zh = "购车。"', 'zh = ""', 14, "about.zh"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field(old: str, new: str, line: int, field: str) -> None:
    assert old in GOOD
    assert (line, field) in problems(GOOD.replace(old, new, 1))


def test_all_problems_are_told_at_once() -> None:
    bad = GOOD.replace('kind = "annuity"', 'kind = "x"').replace("rate_ppm = 60_000", "rate_ppm = -1")
    assert {field for _, field in problems(bad)} >= {"kind", "price[2].rate_ppm"}


def test_without_prices_nothing_is_lent() -> None:
    assert "price" in {field for _, field in problems(GOOD[: GOOD.index("[[price]]")])}


def test_the_shipped_products_cover_every_kind_and_scene() -> None:
    found = shipped().all()
    assert {one.kind for one in found} == {
        "annuity",
        "equal_principal",
        "interest_only",
        "bullet",
        "revolving",
    }
    scenes = {"medical", "education", "pet", "games", "ev_battery", "charging", "purchase", ""}
    assert {one.scene for one in found} == scenes
    assert all(one.cooling_off_days == 7 for one in found if one.scene), "what is bought can be given back"


def test_a_version_is_found_by_itself_and_the_newest_by_its_code() -> None:
    first = parse_loan_product(GOOD, "a")
    second = parse_loan_product(GOOD.replace("version = 1", "version = 2"), "b")
    catalogue = LoanProducts((first, second))
    assert catalogue.find("car_loan") == second and catalogue.find("car_loan@1") == first
    assert catalogue.find("car_loan@3") is None
