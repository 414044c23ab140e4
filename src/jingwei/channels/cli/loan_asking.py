"""How the commands of lending ask: in the customer's name, with what to do about each refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.channels.cli.mistakes import Mistake

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command

FIXES = {
    "loan_consent_missing": "the customer agrees in the app under My data, with POST /v1/consents and the "
    'body {"purpose": "credit"}, or with jingwei loan agree; then apply again',
    "loan_product_not_found": "see what is lent with: jingwei loan products",
    "loan_amount_not_possible": "see least and most with: jingwei loan products",
    "loan_term_not_possible": "write one of these as MONTHS",
    "account_closed": "name an open account of the customer; see: jingwei accounts list",
    "currency_differs": "name an account in the product's currency; see: jingwei accounts list",
    "loan_offer_over": "see what is open with: jingwei loan list",
    "loan_terms_differ": "read the terms again with: jingwei loan show APPLICATION",
    "loan_signed_another": "apply again with: jingwei loan apply",
    "loan_above_due": "add --how shorter (fewer months) or --how smaller (smaller instalments)",
    "loan_above_rest": "repay it with: jingwei loan repay LOAN --how all",
    "loan_part_not_possible": "repay all of it with: jingwei loan repay LOAN --how all",
    "balance_too_low": "bring money onto the loan's account first, or pay less",
    "amount_not_possible": "write an amount above zero, or --how all",
}
"""What to do about each refusal; whatever is not named here is looked up with `loan list`."""


def owner_of(home: Home, account: str) -> str:
    """Whose account this is. Raises Mistake."""
    from jingwei.ledger.accounts import Account

    found = home.store.load(Account, [account])
    if not found or account.startswith("bank:"):
        fix = "see the accounts with: jingwei accounts list"
        raise Mistake(f"there is no customer's account {account}", fix)
    return found[0].owner


def stamp_of(home: Home, customer: str, what: str) -> dict[str, Any]:
    """Key, actor and both clocks: what is done here is done in the customer's name."""
    now = home.clock.now()
    return {"key": f"cli:{what}:{now}", "actor": f"customer:{customer}", "at": now, "known_at": now}


def do(home: Home, command: Command, about: str) -> Answer:
    """Have one command done. Raises Mistake with the refusal's words and what to do about it."""
    from jingwei.kernel.command import checked

    answer = home.bank.do([checked(command)])[0].answer
    if answer.refusal is not None:
        words = answer.refusal.words()
        fix = FIXES.get(answer.refusal.code, "see applications and loans with: jingwei loan list")
        raise Mistake(f"{about}: {words.zh} {words.en}", fix)
    return answer
