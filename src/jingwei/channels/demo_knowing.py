"""A little made-up life of one made-up customer, so that a newcomer sees a life event and an offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.channels.knowing.following import list_shops
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.give_consent import GiveConsent
from jingwei.kernel.clock import HOUR, MINUTE
from jingwei.kernel.purpose import Purpose

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.kernel.command import Command

WHO = "dana"
SHOP = "little-feet"
"""A made-up shop of baby goods."""

PRICES = (16_800, 23_900, 9_900, 41_500, 12_800, 8_800, 35_000)


def live_a_little(home: Home) -> None:
    """Dana is paid, buys baby goods and agrees to offers; asking twice changes nothing."""
    now = home.clock.now()

    def stamped(name: str, actor: str, hours: int = 0) -> dict[str, Any]:
        at = now - hours * HOUR
        return {"key": f"demo:life:{name}", "actor": actor, "at": at, "known_at": at}

    money: dict[str, Any] = {"currency": "CNY"}
    purpose, me = Purpose.MARKETING, f"customer:{WHO}"
    commands: list[Command] = [
        GiveConsent(customer=WHO, purpose=purpose, **stamped("consent", me)),
        Deposit(account=WHO, source="clearing", memo="wage", amount_minor=1_260_000, **money,
                **stamped("wage", "system:core")),
    ]  # fmt: skip
    commands += [
        AuthoriseCardPayment(
            customer=WHO, payer=WHO, terminal=SHOP, amount_minor=minor, **money,
            **stamped(f"baby:{number}", "system:cards", 5 + 29 * (len(PRICES) - number)),
        )
        for number, minor in enumerate(PRICES)
    ]  # fmt: skip
    for command in commands:
        answer = home.bank.do([command])[0].answer
        if answer.challenge and isinstance(command, AuthoriseCardPayment):
            home.bank.do([_yes(command, answer.challenge)])
    list_shops(home.path, {SHOP: "baby"})


def _yes(asked: AuthoriseCardPayment, challenge: str) -> AnswerStepUp:
    """Dana says that it was she who paid."""
    return AnswerStepUp(
        key=f"yes:{asked.key}",
        actor=f"customer:{WHO}",
        at=asked.at + MINUTE,
        known_at=asked.at + MINUTE,
        challenge=challenge,
        confirm=True,
        payee="bank:card_settlement:CNY",
        amount_minor=asked.amount_minor,
        currency=asked.currency,
    )
