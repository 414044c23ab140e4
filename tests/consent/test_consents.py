"""Consents hold from the very next command on, in one batch as across batches; no reader gets round them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from jingwei.bank import Reply
from jingwei.consent.consents import Consent, ConsentMissing, consent_id, permitted
from jingwei.consent.grounds import ASKED, DATA_NAMES, REGISTER, Ground
from jingwei.consent.uses import DataUse
from jingwei.home import Home, open_home
from jingwei.journeys import bound as binding
from jingwei.journeys.bound import BoundBooks, about
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.give_consent import Seen as SeenConsents
from jingwei.journeys.give_consent import act as give
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.preview_offer import PreviewOffer
from jingwei.journeys.table import BY_COMMAND
from jingwei.journeys.use_data import UseData
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY, SECOND, ManualClock, parse_iso
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.work import Customer
from jingwei.stores.bound import agreeing, reader_for

START = parse_iso("2026-11-02T04:00:00")


class Office:
    """A bank of three customers; commands are made first and done later, in batches of any size."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock(START)
        self.home: Home = open_home(path, self.clock)
        self._asked = 0
        for who in ("alice", "bob", "carol"):
            money = {"opening_minor": 1_000_000, "product": "current_cny", "name": who.title()}
            self.do(self.ask(OpenAccount, "system:core", customer=who, account=who, **money))

    def ask(self, kind: type[Command], actor: str, **fields: object) -> Command:
        self._asked += 1
        self.clock.advance(SECOND)
        at = self.clock.at
        return kind(key=f"k{self._asked}", actor=actor, at=at, known_at=at, **fields)

    def give(self, who: str, purpose: Purpose = Purpose.MARKETING, **more: object) -> Command:
        return self.ask(GiveConsent, f"customer:{who}", customer=who, purpose=purpose, **more)

    def withdraw(self, who: str, purpose: Purpose = Purpose.MARKETING, **more: object) -> Command:
        return self.ask(WithdrawConsent, f"customer:{who}", customer=who, purpose=purpose, **more)

    def preview(self, who: str) -> Command:
        return self.ask(PreviewOffer, "staff:teller", customer=who, account=who)

    def pay(self, who: str, to: str) -> Command:
        money = {"amount_minor": 100, "currency": "CNY"}
        return self.ask(Pay, f"customer:{who}", customer=who, payer=who, payee=to, **money)

    def do(self, *commands: Command) -> list[str]:
        """The refusal code of each command, "" for none."""
        return [self.code(reply) for reply in self.home.bank.do(commands)]

    @staticmethod
    def code(reply: Reply) -> str:
        refusal = reply.answer.refusal
        return refusal.code if refusal else ""

    def kept(self, who: str) -> dict[str, Consent]:
        return {one.data: one for one in self.home.store.find(Consent, "customer", who)}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    one = Office(tmp_path_factory.mktemp("consent") / "home")
    yield one
    verdict = one.home.verify()
    assert verdict.sound, verdict.damage
    one.home.close()


@pytest.fixture
def office(shared: Office) -> Office:
    """The bank with no consent given."""
    shared.do(*(shared.withdraw(who, purpose) for who in ("alice", "bob", "carol") for purpose in ASKED))
    return shared


@pytest.fixture
def wrong(tmp_path: Path) -> Iterator[Office]:
    """A bank to plant errors in; its log cannot be done again afterwards, which is as it should be."""
    one = Office(tmp_path / "home")
    yield one
    report = one.home.verify()
    assert [damage.kind for damage in report.damage] == ["not_repeatable"]
    one.home.close()


def test_the_register_names_ground_data_and_words_of_every_purpose():
    assert set(REGISTER) == set(Purpose)
    assert {DATA_NAMES[data].en for entry in REGISTER.values() for data in entry.data}
    assert set(ASKED) == {Purpose.CREDIT, Purpose.MARKETING, Purpose.RESEARCH}
    assert (
        REGISTER[Purpose.SERVICE].ground is Ground.CONTRACT and REGISTER[Purpose.RISK].ground is Ground.DUTY
    )


def test_nothing_is_read_for_marketing_until_the_customer_agrees(office: Office):
    assert office.do(office.preview("alice")) == ["consent_missing"]
    assert office.do(office.give("alice"), office.preview("alice"), office.preview("bob")) == [
        "", "", "consent_missing",
    ]  # fmt: skip
    assert office.do(office.withdraw("alice"), office.preview("alice")) == ["", "consent_missing"]


def race(office: Office, size: int) -> list[str]:
    """Payments and previews in which consents come and go, done in batches of this size."""
    order = []
    for round_ in range(6):
        order += [office.pay("alice", "bob"), office.preview("alice"), office.pay("bob", "carol")]
        order.append(office.give("alice") if round_ % 2 == 0 else office.withdraw("alice"))
        order += [office.preview("alice"), office.pay("alice", "carol"), office.preview("alice")]
    codes: list[str] = []
    for start in range(0, len(order), size):
        codes += office.do(*order[start : start + size])
    return codes


def expected() -> list[str]:
    codes, agreed = [], False
    for _ in range(6):
        codes += ["", "" if agreed else "consent_missing", "", ""]
        agreed = not agreed
        after = "" if agreed else "consent_missing"
        codes += [after, "", after]
    return codes


@pytest.mark.parametrize("size", [1, 7, 42])
def test_withdrawn_in_the_middle_of_a_batch_exactly_the_commands_after_it_are_refused(office, size):
    assert race(office, size) == expected()


def test_a_consent_remembered_across_commands_is_found_out(wrong: Office, monkeypatch):
    """The planted error: the answer of the first question is kept for the commands after it."""
    known: dict[tuple[str, DataClass], bool] = {}

    def remembered(customer, purpose, data, at, find):
        place = (customer, data)
        if place not in known:
            known[place] = permitted(customer, purpose, data, at, find)
        return known[place]

    monkeypatch.setattr(binding, "permitted", remembered)
    assert race(wrong, 42) != expected()
    monkeypatch.undo()


def test_a_journey_that_reads_past_its_books_is_found_out(wrong: Office, monkeypatch):
    """The planted error: a journey under marketing whose reads ask nobody."""
    monkeypatch.setitem(BY_COMMAND, PreviewOffer, replace(BY_COMMAND[PreviewOffer], purpose=Purpose.SERVICE))
    assert race(wrong, 42) != expected()
    monkeypatch.undo()


def test_only_the_customer_gives_and_takes_back_and_only_what_rests_on_consent(office: Office):
    for kind in (GiveConsent, WithdrawConsent):
        about_bob = {"customer": "bob", "purpose": Purpose.CREDIT}
        assert office.do(office.ask(kind, "customer:alice", **about_bob)) == ["not_allowed"]
        assert office.do(office.ask(kind, "staff:teller", **about_bob)) == ["not_allowed"]
        assert office.do(office.ask(kind, "system:core", **about_bob)) == ["not_allowed"]
    assert office.do(office.give("alice", Purpose.RISK)) == ["consent_not_asked"]
    assert office.kept("bob") == {}


def test_one_kind_of_data_can_be_taken_back_alone_and_a_consent_can_end_by_itself(office: Office):
    office.do(office.give("alice"), office.withdraw("alice", data=(DataClass.IDENTITY,)))
    kept = office.kept("alice")
    assert kept["identity"].withdrawn_at and not kept["transactions"].withdrawn_at
    assert office.do(office.preview("alice")) == ["consent_missing"]
    office.do(office.give("bob", until=office.clock.at + DAY))
    assert office.do(office.preview("bob")) == [""]
    office.clock.advance(2 * DAY)
    assert office.do(office.preview("bob")) == ["consent_missing"]
    assert office.do(office.give("bob", until=office.clock.at - DAY)) == ["consent_past"]


def test_what_a_purpose_never_reads_cannot_be_agreed_to(office: Office):
    """A yes to it would change nothing, so it is not taken: neither alone nor beside what is read."""
    before = office.kept("alice")
    for data in ((DataClass.TAX,), (DataClass.IDENTITY, DataClass.TAX)):
        assert office.do(office.give("alice", data=data)) == ["consent_not_read"]
    assert office.kept("alice") == before
    earlier = SeenConsents(7, {}, rules=0)
    ask = office.give("alice", data=(DataClass.IDENTITY, DataClass.TAX))
    assert [one.data for one in give(ask, earlier).kept] == ["identity"], "as a record of before was answered"


def test_giving_twice_keeps_since_and_giving_again_begins_anew(office: Office):
    office.do(office.give("alice"))
    since = office.kept("alice")["identity"].given_at
    assert office.kept("alice")["identity"].withdrawn_at == 0
    office.do(office.give("alice"))
    assert office.kept("alice")["identity"].given_at == since
    office.do(office.withdraw("alice"), office.withdraw("alice"), office.give("alice"))
    assert office.kept("alice")["identity"].given_at > since
    assert office.kept("alice")["identity"].withdrawn_at == 0


def test_uses_are_counted_by_day_reader_and_purpose(office: Office):
    people = ("alice", "bob", "carol")
    use = lambda purpose: office.ask(UseData, "staff:teller", customers=people, purpose=purpose)  # noqa: E731
    assert office.do(use(Purpose.RESEARCH)) == ["consent_missing"]
    office.do(office.give("alice", Purpose.RESEARCH), office.give("carol", Purpose.RESEARCH))
    reply = office.home.bank.do([use(Purpose.RESEARCH), use(Purpose.RESEARCH), use(Purpose.SERVICE)])
    assert [one.answer.events[0].customers for one in reply] == [("alice", "carol")] * 2 + [people]
    assert reply[0].answer.events[0].withheld == 1
    count = lambda who: {  # noqa: E731
        one.purpose: one.times
        for one in office.home.store.find(DataUse, "customer", who)
        if one.reader == "staff:teller" and one.purpose != "marketing"
    }
    assert count("alice") == {"research": 2, "service": 1} and count("bob") == {"service": 1}
    assert office.do(office.ask(UseData, "customer:alice", customers=("bob",), purpose=Purpose.SERVICE)) == [
        "not_allowed"
    ]


def test_a_reader_for_marketing_sees_only_those_who_agree(office: Office):
    office.do(office.give("bob"))
    reader = reader_for(Purpose.MARKETING, office.home.store, office.clock.at)
    assert [one.id for one in reader.page(Customer)] == ["bob"] and reader.withheld == 2
    assert [one.id for one in reader.load(Balance, ["alice", "bob"])] == ["bob"]
    assert reader.find(Account, "owner", "alice") == []
    bob = reader.find(Account, "owner", "bob")[0]
    office.do(office.pay("alice", "bob"))
    assert {line.payer for line in reader.lines(bob, 5)} == {""}
    assert set(reader.uses) == {"bob"}
    office.do(office.withdraw("bob"))
    assert reader.page(Customer) == [] and reader.lines(bob, 5) == []
    everybody = reader_for(Purpose.SERVICE, office.home.store, office.clock.at)
    assert len(everybody.page(Customer)) == 3
    assert agreeing(Purpose.MARKETING, ["alice", "bob"], office.home.store, office.clock.at) == []


def test_what_a_purpose_does_not_need_is_not_read_for_it_whoever_agrees():
    yes = lambda some_id: Consent(some_id, "alice", "marketing", "devices", 1)  # noqa: E731
    assert permitted("alice", Purpose.MARKETING, DataClass.IDENTITY, 5, yes)
    assert not permitted("alice", Purpose.MARKETING, DataClass.DEVICES, 5, yes)
    assert not permitted("alice", Purpose.MARKETING, DataClass.IDENTITY, 5, lambda _: None)
    assert consent_id("a", "b", "c") == "a~b~c"


def test_a_kind_nobody_described_is_not_handed_out(office: Office):
    class Secret(Customer, frozen=True):
        pass

    with pytest.raises(TypeError, match="whose data"):
        about(Secret("alice", "Alice"), lambda _: None)
    asked, overlay = office.preview("alice"), office.home.bank._overlay
    overlay.begin(asked, overlay.seq, None)
    books = BoundBooks(overlay, Purpose.MARKETING, asked)
    for read in (
        lambda: books.standing("alice"),
        lambda: books.own("alice"),
        lambda: books.get(Customer, "alice"),
        lambda: books.page(Customer),
        lambda: books.find(Account, "owner", "alice"),
        books.judgement,
    ):
        with pytest.raises(ConsentMissing):
            read()
    assert books.standing("bank:cash:CNY") is not None and books.standing("nobody") is None
