"""Products are configuration: shipped ones sound, a new one without code, a wrong one told line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jingwei.kernel.clock import HOUR
from jingwei.ledger.accounts import Balance, Movement, Standing, chart_account
from jingwei.ledger.fees import fee_movements, transfer_fee
from jingwei.ledger.posting import post
from jingwei.ledger.product import Tier
from jingwei.ledger.product_lines import key_lines
from jingwei.ledger.products import SHIPPED, ProductError, Products, load_product, parse_product, shipped

SMALL = """
code = "pocket_jpy"
version = 1
currency = "JPY"
kind = "savings"
[name]
en = "Pocket money"
zh = "零花钱账户"
"""

FULL = """\
code = "harbour_cny"
version = 3
currency = "CNY"
kind = "current"
minimum_opening = "10.00"
hold_hours = 48

[name]
en = "Harbour account"
zh = "港湾账户"

[interest]
day_count = "actual/actual"
tiering = "whole"
rounding = "half_even"
posting = "year_end"
[[interest.tier]]
from = "0.00"
rate_ppm = -100
[[interest.tier]]
from = "1000.00"
rate_ppm = 20_000

[overdraft]
line = "500.00"
rate_ppm = 150_000

[fees]
monthly = "2.50"
[fees.payment]
flat = "0.10"
basis_points = 25
minimum = "0.20"
maximum = "9.00"

[limits]
payment = "100.00"
day = "200.00"
month = "300.00"
"""


def test_every_field_is_read():
    product = parse_product(FULL, "harbour.toml")
    assert (product.id, product.currency, product.kind) == ("harbour_cny@3", "CNY", "current")
    assert (product.name.en, product.name.zh) == ("Harbour account", "港湾账户")
    assert product.interest.tiers == (Tier(0, -100), Tier(100_000, 20_000))
    assert (product.interest.day_count, product.interest.tiering) == ("actual/actual", "whole")
    assert (product.interest.rounding, product.interest.posting) == ("half_even", "year_end")
    assert (product.overdraft_minor, product.interest.overdraft_ppm) == (50_000, 150_000)
    assert (product.minimum_opening_minor, product.monthly_fee_minor, product.hold_hours) == (1_000, 250, 48)
    fee = product.payment_fee
    assert (fee.flat_minor, fee.basis_points, fee.minimum_minor, fee.maximum_minor) == (10, 25, 20, 900)
    assert (product.limit_payment_minor, product.limit_day_minor, product.limit_month_minor) == (
        10_000,
        20_000,
        30_000,
    )
    account = product.account("a", "owner", 5)
    assert (account.product, account.overdraft_minor, account.limit_month_minor) == (
        "harbour_cny@3",
        50_000,
        30_000,
    )
    assert product.hold_until(5) == 5 + 48 * HOUR


def test_a_new_product_is_a_file_and_no_code(tmp_path):
    (tmp_path / "pocket.toml").write_text(SMALL)
    products = Products.load(SHIPPED, tmp_path)
    product = products.latest("pocket_jpy")
    assert product is not None and product is products.find("pocket_jpy@1") and not product.bears
    account = Standing(product.account("kid", "kid", 0), Balance("kid"))
    posted = post(
        (Movement("bank:cash:JPY", "kid", 500, "JPY", "deposit"),),
        {"bank:cash:JPY": chart_account("bank:cash:JPY"), "kid": account}, 0, 0,
    )  # fmt: skip
    assert posted.standings["kid"].balance.booked_minor == 500


def test_the_shipped_products_cover_what_the_bank_does():
    products = shipped()
    assert {product.currency for product in products} >= {"CNY", "EUR", "CZK", "USD", "JPY", "KWD"}
    assert {product.kind for product in products} == {"current", "savings", "card"}
    card = products.latest("card_eur")
    assert (card.limit_payment_minor, card.limit_day_minor, card.limit_month_minor) == (None, None, None)
    assert card.currency == "EUR" and not card.bears and transfer_fee(card, 10**9) == 0
    koruna = products.latest("current_czk")
    assert koruna.overdraft_minor >= 10**7 and transfer_fee(koruna, 10**9) == 0 and not koruna.bears
    youth = products.latest("youth_cny")
    assert youth.overdraft_minor == 0 and youth.limit_day_minor and youth.limit_month_minor


def test_the_newest_version_is_found_and_old_ones_stay(tmp_path):
    for version in (2, 10, 9):
        (tmp_path / f"p{version}.toml").write_text(SMALL.replace("version = 1", f"version = {version}"))
    products = Products.load(tmp_path)
    assert len(products) == 3
    assert products.latest("pocket_jpy").version == 10
    assert products.get("pocket_jpy@2").version == 2
    assert products.find("pocket_jpy@3") is None and products.latest("other") is None
    with pytest.raises(KeyError, match="pocket_jpy@10"):
        products.get("pocket_jpy@3")


def test_one_version_described_twice_is_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(SMALL)
    with pytest.raises(ProductError, match="described twice"):
        Products.load(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "latin.toml").write_bytes(SMALL.encode("utf-8")[:-8] + b"\xff\xfe")
    for name, says in (("latin.toml", "UTF-8"), ("none.toml", "cannot be read")):
        with pytest.raises(ProductError, match=says):
            load_product(tmp_path / name)


WRONG = [
    ('version = 3', 'version = "3"', 2, "version", "whole number"),
    ('version = 3', 'version = true', 2, "version", "whole number"),
    ('version = 3', 'version = 0', 2, "version", "from 1 to"),
    ('version = 3', 'version = 10_000', 2, "version", "from 1 to"),
    ('version = 3', 'version = 3.0', 2, "version", "whole number"),
    ('code = "harbour_cny"', 'code = "Harbour CNY"', 1, "code", "small letters"),
    ('code = "harbour_cny"', 'code = ""', 1, "code", "empty"),
    ('code = "harbour_cny"', '', 1, "code", "missing"),
    ('currency = "CNY"', 'currency = "RMB"', 3, "currency", "known: CNY"),
    ('kind = "current"', 'kind = "curent"', 4, "kind", "did you mean current"),
    ('minimum_opening = "10.00"', 'minimum_opening = 10.0', 5, "minimum_opening", "in quotes"),
    ('minimum_opening = "10.00"', 'minimum_opening = "10.001"', 5, "minimum_opening", "decimal places"),
    ('minimum_opening = "10.00"', 'minimum_opening = "-1.00"', 5, "minimum_opening", "below zero"),
    ('minimum_opening = "10.00"', 'minimum_opening = "１０"', 5, "minimum_opening", "not an amount"),
    ('minimum_opening = "10.00"', 'minimum_openin = "10.00"', 5, "minimum_openin", "mean minimum_opening"),
    ('hold_hours = 48', 'hold_hours = 8_761', 6, "hold_hours", "from 1 to"),
    ('zh = "港湾账户"', '', 8, "name.zh", "missing"),
    ('zh = "港湾账户"', 'zh = "港湾账户"\nfr = "Compte"', 11, "name.fr", "unknown field; known: en, zh"),
    ('"actual/actual"', '"30/360"', 13, "interest.day_count", "actual/365"),
    ('rate_ppm = -100', 'rate_ppm = -10_000_001', 19, "interest.tier[1].rate_ppm", "from -10,000,000"),
    ('rate_ppm = -100', 'rate = -100', 19, "interest.tier[1].rate", "did you mean rate_ppm"),
    ('from = "0.00"', 'from = "1.00"', 18, "interest.tier[1].from", "begin at zero"),
    ('from = "1000.00"', 'from = "0.00"', 21, "interest.tier[2].from", "above the tier before"),
    ('from = "1000.00"', '', 20, "interest.tier[2].from", "missing"),
    ('rate_ppm = 150_000', 'rate_ppm = -1', 26, "overdraft.rate_ppm", "from 0"),
    ('monthly = "2.50"', 'monthly = [2.50]', 29, "fees.monthly", "in quotes"),
    ('basis_points = 25', 'basis_points = 10_001', 32, "fees.payment.basis_points", "from 0 to 10,000"),
    ('maximum = "9.00"', 'maximum = "0.19"', 34, "fees.payment.maximum", "below the minimum, 0.20"),
    ('day = "200.00"', 'day = "99.99"', 38, "limits.day", "below the limit for one payment, 100.00"),
    ('month = "300.00"', 'month = "199.99"', 39, "limits.month", "below the limit for one day, 200.00"),
    ('[limits]', '[limit]', 36, "limit", "did you mean limits"),
    ('hold_hours = 48', 'hold_hours = 48\nfees = 3', 7, "syntax", "Cannot"),
    ('kind = "current"', 'kind = current', 4, "syntax", "Invalid value"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "says"), WRONG)
def test_a_wrong_field_is_told_with_its_line_and_name(old, new, line, field, says):
    assert FULL.count(old) == 1
    with pytest.raises(ProductError) as caught:
        parse_product(FULL.replace(old, new), "harbour.toml")
    found = [p for p in caught.value.problems if p.field == field and says in p.says]
    assert found, str(caught.value)
    if field != "syntax" or "Invalid" in says:
        assert found[0].line == line, str(caught.value)
    assert f"harbour.toml:{found[0].line}: {field}: " in str(caught.value)


def test_everything_wrong_is_told_at_once_by_line():
    text = FULL.replace("version = 3", "version = -3").replace('"CNY"', '"RMB"').replace("flat =", "flt =")
    with pytest.raises(ProductError) as caught:
        parse_product(text, "x.toml")
    assert [(p.line, p.field) for p in caught.value.problems] == [
        (2, "version"), (3, "currency"), (31, "fees.payment.flt"),
    ]  # fmt: skip


def test_an_empty_file_tells_what_a_product_needs():
    with pytest.raises(ProductError) as caught:
        parse_product("", "x.toml")
    assert {p.field for p in caught.value.problems} == {
        "code",
        "version",
        "currency",
        "kind",
        "name.en",
        "name.zh",
    }


def test_lines_are_found_through_comments_quotes_and_inline_tables():
    text = (
        '# [name]\nname = { en = "x", zh = "y" }\ntext = """\ncode = 1\n"""\n"code" = 2\n'
        "[a.b]\nc . d = 1\n[[t]]\n[[t]]\nx=1\n[t.u]\ny=2\n"
    )
    lines = key_lines(text)
    assert (lines[("name",)], lines[("code",)], lines[("a", "b", "c", "d")]) == (2, 6, 8)
    assert (lines[("t", 0)], lines[("t", 1, "x")], lines[("t", 1, "u", "y")]) == (9, 11, 13)


@given(st.text(max_size=200))
def test_any_text_is_a_product_or_a_product_error(text):
    with pytest.raises(ProductError):
        parse_product(text, "x.toml")


def test_a_fee_is_the_fixed_part_and_the_share_between_its_bounds():
    product = parse_product(FULL, "x.toml")  # 0.10 + 0.25 %, at least 0.20, at most 9.00
    for amount, fee in ((1, 20), (4_000, 20), (4_400, 21), (356_000, 900), (10**9, 900)):
        assert transfer_fee(product, amount) == fee
    assert fee_movements(product, "a", 20) == (Movement("a", "bank:fees:CNY", 20, "CNY", "fee"),)
    assert fee_movements(product, "a", 0) == ()


def test_half_a_minor_unit_of_a_fee_goes_to_the_even_neighbour():
    product = parse_product(SMALL + "[fees.payment]\nbasis_points = 5000", "x.toml")
    assert [transfer_fee(product, amount) for amount in (1, 2, 3, 4, 5)] == [0, 1, 2, 2, 2]


def test_a_product_without_fees_costs_nothing():
    assert transfer_fee(parse_product(SMALL, "x.toml"), 10**15) == 0
