"""The desk's search looks at every customer, beside the requests."""

from __future__ import annotations

import threading
from typing import Any

from jingwei.channels.web.staff import customers
from jingwei.ledger.work import Customer


class Reader:
    """A register of so many customers, page by page."""

    def __init__(self, many: int) -> None:
        self.many, self.closed = many, False
        self.threads: set[int] = set()

    def page(self, kind: Any, *, after: str = "", limit: int = 100) -> list[Customer]:
        self.threads.add(threading.get_ident())
        first = int(after[1:]) + 1 if after else 0
        return [Customer(f"c{n:07d}", f"Name {n:07d}") for n in range(first, min(first + limit, self.many))]

    def close(self) -> None:
        self.closed = True


def test_the_last_of_many_customers_is_found():
    assert [one.id for one in customers.find(Reader(130_001), "name 0130000")] == ["c0130000"]
    assert len(customers.find(Reader(130_001), "name")) == customers.FOUND + 1


def test_the_page_searches_on_another_thread_over_a_reader_of_its_own(tmp_path, monkeypatch):
    from tests.channels.web.browser import Browser

    browser = Browser(tmp_path / "home")
    seen: list[int] = []
    find = customers.find
    monkeypatch.setattr(
        customers, "find", lambda reader, asked: seen.append(threading.get_ident()) or find(reader, asked)
    )
    try:
        browser.sign_in("staff:teller")
        page = browser.get("/desk/customers", params={"q": "alice"}).text
        assert 'href="/desk/customers/alice' in page
        assert seen and threading.get_ident() not in seen
    finally:
        browser.close()
