"""The bank's reference rates of exchange: a file in its home, read when somebody exchanges."""

from __future__ import annotations

import logging
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from jingwei.kernel.durable import write_whole
from jingwei.kernel.money import CURRENCIES
from jingwei.ledger.exchange import BASIS, Reference

LOG = logging.getLogger("jingwei.rates")
FILE: Final = "rates.toml"
BAND: Final = 200
"""Without a band of its own a rate may be so many basis points off the reference."""
MOST: Final = 10**12

MADE_UP: Final = """\
# Reference rates of exchange, made up for the demo: one whole unit of the first in units of the second.
band_basis_points = 200

[rates]
"USD/CNY" = "7.12"
"EUR/CNY" = "8.25"
"""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: rates as decimals in text by "SOLD/BOUGHT", and how far off one person may go."""

    rates: dict[str, str]
    band_basis_points: int = BAND


def reference(home: Path, sold: str, bought: str) -> Reference | None:
    """The reference rate of this pair, or of the pair turned round; None where the bank has none.

    A file that cannot be read is no reference: then a second person is asked for, and the log says why.
    """
    try:
        table = msgspec.convert(tomllib.loads((home / FILE).read_text("utf-8")), Table)
        return _of(table, sold, bought)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ZeroDivisionError) as error:
        LOG.error("%s cannot be read, so no rate is known: %s", FILE, error)
        return None


def _of(table: Table, sold: str, bought: str) -> Reference | None:
    for name, text in table.rates.items():
        pair, rate = name.split("/"), Fraction(text)
        if len(pair) != 2 or not set(pair) <= set(CURRENCIES) or rate <= 0:
            raise ValueError(f"{name} = {text!r} is no rate; write \"USD/CNY\" = \"7.12\"")
        if not 0 <= table.band_basis_points < BASIS:
            raise ValueError("band_basis_points must be from 0 to 9,999")
        if sorted(pair) == sorted((sold, bought)):
            part = rate if pair == [sold, bought] else 1 / rate
            if max(part.numerator, part.denominator) > MOST:
                raise ValueError(f"{name} = {text!r} has too many digits")
            return Reference(part.numerator, part.denominator, table.band_basis_points)
    return None


def make_up(home: Path) -> None:
    """Give a demo bank made-up rates, unless it has some."""
    if not (home / FILE).exists():
        write_whole(home / FILE, MADE_UP.encode())
