"""The desk's board and its named views: what waits is there however old, the long answered is not read."""

from __future__ import annotations

import pytest
from tests.channels.web.desk_floor import Floor

from jingwei.channels.web.staff.board import HISTORY, Board
from jingwei.journeys.review_case import ReviewCase
from jingwei.kernel.clock import DAY


@pytest.fixture(scope="module")
def floor(tmp_path_factory):
    one = Floor(tmp_path_factory.mktemp("board") / "home")
    yield one
    one.close()


def desk_of(floor):
    return floor.front.payments._tokens._listeners[0].__self__.site.desk


class Counting:
    """A reader that counts the cases it hands out."""

    def __init__(self, reader):
        self._reader, self.read = reader, 0

    def __getattr__(self, name):
        return getattr(self._reader, name)

    def page(self, kind, **asked):
        found = self._reader.page(kind, **asked)
        self.read += len(found)
        return found


def test_old_answered_cases_are_not_read_at_opening_and_old_waiting_ones_are(floor, monkeypatch):
    waits = floor.held()
    answered = [floor.held(amount=200_000 + n) for n in range(5)]
    for case in answered:
        review = ReviewCase(case=case, release=False, **floor.stamp("staff:reviewer"))
        assert floor.do(review).refusal is None
    floor.clock.advance(HISTORY + 2 * DAY)
    fresh = floor.held(amount=300_000)
    desk = desk_of(floor)
    reader = Counting(desk.reader)
    monkeypatch.setattr(desk, "reader", reader)
    board = Board(desk)
    assert set(board.rows()) == {waits, fresh} and reader.read <= 2
    assert {row.case.id for row in board.open_rows()} == {waits, fresh}
    old = board.find(answered[0])
    assert old is not None and not old.open and old.amount_minor == 200_000
    assert board.find("C00000999999") is None and board.find("nonsense") is None


def test_a_view_is_named_used_and_forgotten_by_its_owner_alone(floor):
    floor.sign_in("staff:reviewer")
    page = floor.get("/desk?who=me&least=500")
    token = floor.token("/desk")
    sent = floor.post("/desk/views", form_token=token, asked="who=me&least=500&page=3", name=" Mine, large ")
    assert sent.headers["location"] == "/desk?least=500&who=me&told=view_kept" and page.status_code == 200
    assert 'href="/desk?least=500&amp;who=me"' in floor.get("/desk").text
    for name in ("", "x" * 41, "a\nb"):
        wrong = floor.post("/desk/views", form_token=token, asked="", name=name)
        assert "error=view_name" in wrong.headers["location"]
    floor.sign_in("staff:senior")
    assert "Mine, large" not in floor.get("/desk").text, "views are one's own"
    floor.sign_in("staff:reviewer")
    floor.post("/desk/views", form_token=floor.token("/desk"), name="Mine, large", drop="1")
    assert "Mine, large" not in floor.get("/desk").text
