"""The catalogue of products: every TOML file of the given directories, by code and version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from jingwei.kernel.refusal import Words, declare
from jingwei.ledger.product import Product
from jingwei.ledger.product_file import Problem, ProductError, parse_product

__all__ = ["SHIPPED", "Product", "ProductError", "Products", "load_product", "parse_product", "shipped"]

SHIPPED = Path(__file__).parent / "products"
"""Where the products that come with the bank lie."""

declare({"product_not_found": Words("There is no product {product}.", "没有产品{product}。")})


def load_product(path: Path) -> Product:
    """Return the product described in this file. Raises ProductError, also when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProductError(path.name, [Problem(1, "file", f"is not UTF-8 text ({error.reason})")]) from None
    except OSError as error:
        raise ProductError(path.name, [Problem(1, "file", f"cannot be read ({error.strerror})")]) from None
    return parse_product(text, path.name)


class Products:
    """Products by "code@version"; made once at the start, never changed."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_id: dict[str, Product] = {}
        self._latest: dict[str, Product] = {}
        for product in products:
            if product.id in self._by_id:
                says = f"{product.id} is described twice; a changed product needs the next version number"
                raise ProductError(product.code, [Problem(1, "version", says)])
            self._by_id[product.id] = product
            newest = self._latest.get(product.code)
            if newest is None or newest.version < product.version:
                self._latest[product.code] = product

    @classmethod
    def load(cls, *directories: Path) -> Products:
        """Return the catalogue of every *.toml file in these directories.

        Raises ProductError with the problems of the first file that has any, or when two files
        describe the same version.
        """
        return cls(load_product(path) for folder in directories for path in sorted(folder.glob("*.toml")))

    def find(self, product_id: str) -> Product | None:
        """Return the product with this "code@version", or None."""
        return self._by_id.get(product_id)

    def get(self, product_id: str) -> Product:
        """Return the product with this "code@version"; raises KeyError, naming those there are."""
        found = self._by_id.get(product_id)
        if found is None:
            raise KeyError(f"no product {product_id}; there are {', '.join(self._by_id)}")
        return found

    def latest(self, code: str) -> Product | None:
        """Return the newest version of the product with this code, or None."""
        return self._latest.get(code)

    def __iter__(self) -> Iterator[Product]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)


@lru_cache(maxsize=1)
def shipped() -> Products:
    """Return the products that come with the bank."""
    return Products.load(SHIPPED)
