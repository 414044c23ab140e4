"""What the demo people did before somebody looks: a made-up month of wages, rent, shops, pots and plans.

Made up from the first name to the last cent, and asked of the bank by ordinary commands dated in the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jingwei.channels.demo import ACTOR, PEOPLE, PRODUCT, people
from jingwei.channels.demo_companies import companies_borrow, companies_open
from jingwei.channels.demo_loans import ask_for_loans, lend_to_bob
from jingwei.channels.demo_pay_later import buy_and_split, known_for_long
from jingwei.channels.demo_warning import troubled
from jingwei.journeys.appeal import AppealDecision
from jingwei.journeys.change_card import ChangeCard
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.keep_payee import KeepPayee
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.pay import Pay
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.schedule_payment import SchedulePayment
from jingwei.journeys.use_data import UseData
from jingwei.kernel.clock import DAY, HOUR, MINUTE, bank_day, day_start
from jingwei.kernel.purpose import Purpose

if TYPE_CHECKING:
    from jingwei.bank import Reply
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command

DAYS = 34
"""So many days before today it begins."""

PLACES = {
    "wang_home": "Mr Wang 王先生",
    "green_market": "Green Market 绿市场",
    "river_tea": "River Tea 河边茶馆",
    "city_metro": "City Metro 城市地铁",
    "city_power": "City Power 城市电力",
    "page_one": "Page One 一页书店",
    "noodle_bar": "Noodle Bar 一碗面",
    "quick_gain": "Quick Gain 快利投资",
}
"""Who is paid; the account has the same name as its owner."""


class Habit(NamedTuple):
    """A payment that comes back: every so many days from `first` days ago, at this hour of the day."""

    who: str
    payee: str
    minor: int
    first: int
    every: int
    hour: int
    memo: str = ""


HABITS = (
    Habit("alice", "wang_home", 420_000, 33, 40, 9, "Rent 房租"),
    Habit("alice", "green_market", 18_640, 32, 4, 18),
    Habit("alice", "river_tea", 3_200, 31, 3, 15),
    Habit("alice", "city_metro", 600, 30, 2, 8),
    Habit("alice", "city_power", 23_460, 25, 30, 20, "Electricity 电费"),
    Habit("alice", "page_one", 8_900, 27, 11, 13),
    Habit("alice", "noodle_bar", 4_600, 29, 5, 12),
    Habit("bob", "green_market", 24_310, 30, 6, 19),
    Habit("bob", "city_metro", 600, 29, 4, 9),
    Habit("carol", "green_market", 15_780, 31, 5, 17),
    Habit("carol", "erin", 2_000, 28, 7, 10, "Pocket money 零花钱"),
    Habit("erin", "river_tea", 1_200, 20, 6, 16),
    Habit("grace", "green_market", 6_350, 29, 4, 10),
    Habit("grace", "noodle_bar", 1_800, 27, 6, 12),
)
WAGES = (
    ("alice", 1_850_000, "Wages, Loom Studio 织机工作室工资"),
    ("bob", 1_240_000, "Wages 工资"),
    ("carol", 980_000, "Wages 工资"),
    ("grace", 460_000, "Pension 养老金"),
)
WAGES_AGO = (31, 1)
CARD = "Everyday 日常"
TRIED_AGO = 4
"""So many days ago alice was about to be cheated."""


class Life:
    """The commands of the past in the order in which they were asked, each with a key of its own."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._now = home.clock.now()
        self._today = day_start(bank_day(self._now))
        self._number = 0

    def stamp(self, who: str, ago: int, hour: int, minute: int = 0) -> dict[str, Any]:
        """Key, actor and time of something done so many days ago."""
        self._number += 1
        at = min(self._today - ago * DAY + hour * HOUR + minute * MINUTE, self._now)
        actor = who if ":" in who else f"customer:{who}"
        return {"key": f"demo-life:{self._number}", "actor": actor, "at": at, "known_at": at}

    def do(self, commands: list[Command]) -> list[Reply]:
        """Have the commands done in one piece."""
        return self._home.bank.do(commands)

    def one(self, command: Command) -> Answer:
        """Have one command done."""
        return self.do([command])[0].answer

    def begin(self) -> None:
        """The people and the places open their accounts."""
        dated = self.stamp(ACTOR, DAYS, 8)
        openings: list[Command] = [
            OpenAccount(**{**_fields(one), "at": dated["at"], "known_at": dated["at"]})
            for one in people(self._home.clock)
        ]
        openings += [
            OpenAccount(
                **self.stamp(ACTOR, DAYS, 8), customer=name, account=name, product=PRODUCT, name=called
            )
            for name, called in PLACES.items()
        ]
        self.do(openings)

    def month(self) -> None:
        """Wages and everything paid since, into alice's pots too, and what will be paid by itself."""
        sea, rainy = self._pot("Sea 看海", 800_000), self._pot("Rainy day 备用金")
        card = self.one(IssueCard(**self.stamp("alice", DAYS, 11), account="alice", label=CARD)).made
        terms: dict[str, Any] = {"payment_minor": 200_000, "day_minor": 500_000, "round_up": sea}
        asked: list[Command] = [
            KeepPayee(**self.stamp(who, DAYS, 9), customer=who, account=name, name=PLACES[name])
            for who, name in sorted({(habit.who, habit.payee) for habit in HABITS if habit.payee in PLACES})
        ]
        asked += [
            ChangeCard(**self.stamp("alice", DAYS, 12), card=card, label=CARD, **terms),
            MovePot(**self.stamp("alice", 25, 20), pot=sea, direction="in", amount_minor=280_000),
            MovePot(**self.stamp("alice", 12, 20), pot=sea, direction="in", amount_minor=120_000),
            MovePot(**self.stamp("alice", 12, 21), pot=rainy, direction="in", amount_minor=500_000),
            Prefer(**self.stamp("grace", DAYS, 14), elder=True),
            GiveConsent(**self.stamp("alice", 20, 12), customer="alice", purpose=Purpose.MARKETING),
            UseData(
                **self.stamp("staff:teller", 6, 11), customers=("alice",), purpose=Purpose.SERVICE,
                why="You called about your card 您来电咨询银行卡",
            ),
            self._planned("alice", "wang_home", 420_000, "monthly", 2, "Rent 房租"),
            self._planned("alice", "city_power", 23_000, "monthly", 5, "Electricity 电费"),
            self._planned("carol", "erin", 2_000, "weekly", 3, "Pocket money 零花钱"),
        ]  # fmt: skip
        asked += [
            Deposit(
                **self.stamp(ACTOR, ago, 7), account=who, amount_minor=minor, currency="CNY",
                source="clearing", memo=memo,
            )
            for who, minor, memo in WAGES
            for ago in WAGES_AGO
        ]  # fmt: skip
        asked += [pay for habit in HABITS for pay in self._habit(habit)]
        self.do(sorted(asked, key=lambda one: one.at))

    def _pot(self, name: str, goal_minor: int = 0) -> str:
        asked = OpenPot(**self.stamp("alice", DAYS, 10), account="alice", name=name, goal_minor=goal_minor)
        return self.one(asked).made

    def _habit(self, habit: Habit) -> list[Command]:
        """The payments of a habit; their amounts differ a little, by the day they fall on."""
        return [
            Pay(
                **self.stamp(habit.who, ago, habit.hour, ago * 7 % 50), customer=habit.who, payer=habit.who,
                payee=habit.payee, amount_minor=habit.minor + (0 if habit.memo else ago * 37 % 90 * 10),
                currency="CNY", device=f"{habit.who}-phone", memo=habit.memo,
            )
            for ago in range(habit.first, 0, -habit.every)
        ]  # fmt: skip

    def _planned(self, who: str, payee: str, minor: int, every: str, ahead: int, memo: str) -> Command:
        first = bank_day(self._now) + ahead
        money: dict[str, Any] = {
            "amount_minor": minor,
            "currency": "CNY",
            "every": every,
            "first_day": first,
            "memo": memo,
        }
        return SchedulePayment(
            **self.stamp(who, 3, 20), customer=who, payer=who, payee=payee, device=f"{who}-phone", **money
        )

    def nearly(self) -> None:
        """Somebody nearly talks alice out of her savings: the bank refuses, and she asks a person to look."""
        money: dict[str, Any] = {"amount_minor": 25_000_000, "currency": "CNY", "memo": "Investment 投资"}
        tried = Pay(
            **self.stamp("alice", TRIED_AGO, 21), customer="alice", payer="alice", payee="quick_gain",
            device="unknown-phone", **money,
        )  # fmt: skip
        about = self.one(tried).id
        text = "They told me to hurry. Was that a fraud? 对方一直催我，这是诈骗吗？"
        self.one(AppealDecision(**self.stamp("alice", TRIED_AGO, 22), decision=about, text=text))


def _fields(one: OpenAccount) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def lead_lives(home: Home) -> bool:
    """Bring the demo people's past into a bank that does not know them yet; False when it does."""
    if home.bank.owner_of(PEOPLE[0].id) is not None:
        return False
    life = Life(home)
    companies_open(home)
    known_for_long(home)
    life.begin()
    lend_to_bob(home)
    life.month()
    life.nearly()
    ask_for_loans(home)
    buy_and_split(home)
    troubled(home)
    companies_borrow(home)
    return True
