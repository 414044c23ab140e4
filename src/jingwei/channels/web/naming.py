"""What an account is called in front of its owner: its product, or the name of the pot it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.pages import worded
from jingwei.ledger.pots import POT_PRODUCT, Pot

if TYPE_CHECKING:
    from jingwei.ledger.accounts import Account
    from jingwei.ledger.products import Products
    from jingwei.stores.store import Reader


def is_pot(account: Account) -> bool:
    """Whether this is the account of a pot."""
    return account.product.startswith(f"{POT_PRODUCT}_")


def account_name(products: Products, reader: Reader, account: Account, lang: str) -> str:
    """The product's name, or the pot's."""
    if is_pot(account) and (pots := reader.load(Pot, [account.id])):
        return pots[0].name
    product = products.find(account.product)
    return worded(product.name, lang) if product else account.product.partition("@")[0]
