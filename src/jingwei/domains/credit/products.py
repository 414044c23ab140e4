"""The catalogue of loan products: every TOML file beside this one, by code and version."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.product_file import parse_loan_product

__all__ = ["LoanProduct", "LoanProducts", "shipped"]


class LoanProducts:
    """Loan products by "code@version"; made once, never changed."""

    def __init__(self, products: tuple[LoanProduct, ...]) -> None:
        self._by_id = {product.id: product for product in products}
        assert len(self._by_id) == len(products), "a loan product's version is described twice"

    def find(self, product_id: str) -> LoanProduct | None:
        """The product with this "code@version", the newest of a bare code, or None."""
        return self._by_id.get(product_id) or self.latest(product_id)

    def latest(self, code: str) -> LoanProduct | None:
        """The newest version of the product with this code, or None."""
        versions = [product for product in self._by_id.values() if product.code == code]
        return max(versions, key=lambda product: product.version, default=None)

    def all(self) -> tuple[LoanProduct, ...]:
        """Every product in every version, by code and version."""
        return tuple(sorted(self._by_id.values(), key=lambda product: (product.code, product.version)))


@cache
def shipped() -> LoanProducts:
    """The loan products that come with the bank. Raises ProductError when one cannot be used."""
    folder = files("jingwei.domains.credit") / "products"
    texts = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir())
    return LoanProducts(
        tuple(parse_loan_product(text, name) for name, text in texts if name.endswith(".toml"))
    )
