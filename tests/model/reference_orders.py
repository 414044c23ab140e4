"""The other half of the reference bank: everything done to accounts, holds, cases and entries later."""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from typing import Any

from tests.model.reference_books import DAY, HOUR, Books, Move, No, Row, available, day_of
from tests.model.reference_interest import DayRun, bears, first_open
from tests.model.reference_products import PLACES, PRODUCTS

WAYS: dict[str, set[str]] = {"": set(), "in": {"in"}, "out": {"out"}, "both": {"in", "out"}}


def not_their_own(actor: str, *accounts: Row | None) -> None:
    """Raise No when staff would work on an account of their own."""
    role, _, who = actor.partition(":")
    if role == "staff" and any(row is not None and row["owner"] == who for row in accounts):
        raise No("own_work")


class Orders:
    """What can be done besides opening accounts and paying. `about` is the decision a refusal continues."""

    books: Books
    size: int
    cases: dict[str, Row]
    challenges: dict[str, Row]
    reversals: dict[str, str]
    answers: dict[int, Any]
    askers: dict[str, str]
    proposed: dict[str, tuple[str, bool]]
    wishes: dict[tuple[Any, ...], tuple[str, str]]
    about: str

    def own(self, name: str, actor: str) -> Row | None:
        """A customer's account the actor may dispose of."""
        raise NotImplementedError

    # -- holds ---------------------------------------------------------------------------------

    def _later(self, hold_id: str) -> Row:
        """A hold that waits for no answer, or No."""
        hold = self.books.holds.get(hold_id)
        if hold is None:
            raise No("hold_not_found")
        number = hold_id[1:]
        self.about = f"D{number}"
        for waiting in (self.cases.get(f"C{number}"), self.challenges.get(f"S{number}")):
            if waiting is not None and waiting["status"] == "open":
                raise No("hold_under_review")
        return hold

    def do_capture_card_payment(self, ask: Any, seq: int) -> dict[str, Any]:
        """The shop takes held money."""
        hold = self._later(ask.hold)
        if ask.currency != hold["currency"]:
            raise No("currency_differs")
        return {
            "lines": self.books.take(hold, ask.amount_minor, seq, ask.at),
            "hold": hold["id"],
            "about": self.about,
        }

    def do_release_hold(self, ask: Any, seq: int) -> dict[str, Any]:
        """Held money is given back."""
        hold = self._later(ask.hold)
        self.books.give_back(hold, "released")
        return {"hold": hold["id"], "about": self.about}

    def do_expire_holds(self, ask: Any, seq: int) -> dict[str, Any]:
        """A page of active holds: those whose time is over are given back, and what waited for them ends."""
        active = sorted(h["id"] for h in self.books.holds.values() if h["status"] == "active")
        page = [hold_id for hold_id in active if hold_id > ask.after][: ask.limit]
        over = [hold_id for hold_id in page if ask.at > self.books.holds[hold_id]["expires_at"]]
        for hold_id in over:
            self.books.give_back(self.books.holds[hold_id], "expired")
            case, challenge = self.cases.get("C" + hold_id[1:]), self.challenges.get("S" + hold_id[1:])
            if case is not None and case["status"] == "open":
                self.cases[case["id"]] = case | {
                    "status": "refused", "closed_by": ask.actor, "closed_at": ask.at
                }  # fmt: skip
            if challenge is not None and challenge["status"] == "open":
                self.challenges[challenge["id"]] = challenge | {"status": "expired"}
        last = page[-1] if len(page) == ask.limit else ""
        return {"told": {"holds": over, "last": last}}

    def _answer(self, waiting: Row, yes: bool, seq: int, at: int) -> dict[str, Any]:
        hold = self.books.holds[waiting["hold"]]
        if not yes:
            self.books.give_back(hold, "released")
            return {"result": "refused", "hold": hold["id"]}
        if hold["kind"] != "authorisation":
            whole = hold["amount_minor"] - hold["fee_minor"]
            return {
                "result": "allowed", "lines": self.books.take(hold, whole, seq, at), "hold": hold["id"]
            }  # fmt: skip
        if hold["status"] != "active":
            raise No("hold_not_active")
        product = self.books.accounts[hold["account"]]["product"].removesuffix("@1")
        until = max(hold["expires_at"], at + PRODUCTS[product]["hours"] * HOUR)
        self.books.holds[hold["id"]] = hold | {"expires_at": until}
        return {"result": "allowed", "hold": hold["id"]}

    def do_answer_step_up(self, ask: Any, seq: int) -> dict[str, Any]:
        """The customer confirms or denies what was shown."""
        challenge = self.challenges.get(ask.challenge)
        if challenge is None or ask.actor != "customer:" + challenge["customer"]:
            raise No("challenge_not_found")
        if challenge["status"] != "open":
            raise No("challenge_closed")
        shown = (challenge["payee"], challenge["amount_minor"], challenge["currency"])
        if (ask.payee, ask.amount_minor, ask.currency) != shown:
            raise No("what_was_signed_differs")
        self.about = challenge["about"]
        late = ask.at > challenge["expires_at"]
        said = self._answer(challenge, ask.confirm and not late, seq, ask.at)
        status = "expired" if late else "confirmed" if ask.confirm else "denied"
        self.challenges[challenge["id"]] = challenge | {"status": status}
        said |= {"about": challenge["about"], "challenge": challenge["id"]}
        return said | ({"code": "challenge_expired"} if late else {})

    def do_review_case(self, ask: Any, seq: int) -> dict[str, Any]:
        """A person answers a case, never their own."""
        case = self.cases.get(ask.case)
        if case is None:
            raise No("case_not_found")
        self.about = case["about"]
        if case["status"] != "open":
            raise No("case_closed")
        hold = self.books.holds.get(case["hold"])
        people = {self.books.find(hold[side])["owner"] for side in ("account", "payee")} if hold else set()
        if ask.actor.partition(":")[2] in people | {case["customer"]} or ask.actor == self.askers[self.about]:
            raise No("own_work")
        if case["code"].endswith("_proposed") and not ask.release:
            self._close(case, ask)
            return {"result": "done", "about": case["about"], "case": case["id"]}
        if hold is None:
            raise No("hold_not_found")
        answer, first = (ask.actor, ask.release), self.proposed.get(ask.case)
        two = hold["amount_minor"] - hold["fee_minor"] >= 50_000 * 10 ** PLACES[hold["currency"]]
        if two and (first is None or first[1] != ask.release or first[0] == ask.actor):
            with_all, self.books = self.books, deepcopy(self.books)
            try:
                self._answer(case, ask.release, seq, ask.at)
            finally:
                self.books = with_all
            if first == answer:
                raise No("second_person_needed")
            self.proposed[ask.case] = answer
            return {"result": "proposed", "about": case["about"], "case": case["id"]}
        said = self._answer(case, ask.release, seq, ask.at)
        self._close(case, ask)
        return said | {"about": case["about"], "case": case["id"]}

    def _close(self, case: dict[str, Any], ask: Any) -> None:
        status = "released" if ask.release else "refused"
        self.cases[case["id"]] = case | {"status": status, "closed_by": ask.actor, "closed_at": ask.at}

    # -- entries and accounts --------------------------------------------------------------------

    def do_reverse(self, ask: Any, seq: int) -> dict[str, Any]:
        """An entry is undone by its mirror image, once."""
        number = int(ask.decision[1:]) if ask.decision[1:].isdigit() and len(ask.decision) == 12 else -1
        original = self.answers.get(number) if number < seq else None
        if original is None or not original.moves:
            raise No("nothing_to_reverse")
        about = self.about = f"D{number:011d}"
        if ask.decision in self.reversals:
            raise No("already_reversed")
        not_their_own(ask.actor, *(self.books.find(name) for move in original.moves for name in move[:2]))
        if any(move[4] in ("reversal", "interest") for move in original.moves):
            raise No("not_reversible")
        back: list[Move] = [
            (payee, payer, much, code, "reversal") for payer, payee, much, code, _ in original.moves[::-1]
        ]
        lines = self.books.post(back, seq, ask.at)
        self.reversals[about] = f"D{seq:011d}"
        return {"lines": lines, "about": about}

    def do_report_fraud(self, ask: Any, seq: int) -> dict[str, Any]:
        """A report moves nothing."""
        return {}

    def do_freeze_account(self, ask: Any, seq: int) -> dict[str, Any]:
        """Freezes add up and are lifted one by one."""
        account = self._open(ask)
        not_their_own(ask.actor, account)
        now = WAYS[account["frozen"]]
        asked = WAYS[ask.direction or "both"]
        after = now | asked if ask.on and ask.direction else now - asked
        frozen = next(name for name, ways in WAYS.items() if ways == after)
        self.books.accounts[account["id"]] = account | {"frozen": frozen}
        return {}

    def _open(self, ask: Any) -> Row:
        account = self.own(ask.account, ask.actor)
        if account is None:
            raise No("account_not_found")
        if account["status"] != "open":
            raise No("account_closed")
        return account

    def do_set_limits(self, ask: Any, seq: int) -> dict[str, Any]:
        """Other limits and another overdraft line; an owner only makes them tighter."""
        account = self._open(ask)
        not_their_own(ask.actor, account)
        names = ("limit_payment_minor", "limit_day_minor", "limit_month_minor")
        wanted = dict(zip(names, (ask.payment_minor, ask.day_minor, ask.month_minor), strict=True))
        line = account["overdraft_minor"] if ask.overdraft_minor is None else ask.overdraft_minor
        if ask.actor.startswith("customer:"):
            for name, new in wanted.items():
                if account[name] is not None and (new is None or new > account[name]):
                    raise No("not_allowed")
            if line > account["overdraft_minor"]:
                raise No("not_allowed")
        given = [limit for limit in wanted.values() if limit is not None]
        if given != sorted(given):
            raise No("limits_out_of_order")
        if line < account["overdraft_minor"] and account["held_minor"] - account["booked_minor"] > line:
            raise No("overdraft_in_use")
        said: dict[str, Any] = {}
        large = line >= 50_000 * 10 ** PLACES[account["currency"]] and line > account["overdraft_minor"]
        if ask.actor.startswith("staff:") and large:
            wish = (account["id"], ask.payment_minor, ask.day_minor, ask.month_minor, line)
            said = self._second(ask, seq, wish, ("overdraft_proposed", account["owner"]))
        if said.get("result") != "proposed":
            self.books.accounts[account["id"]] = account | wanted | {"overdraft_minor": line}
        return said

    def _second(
        self, ask: Any, seq: int, wish: tuple[Any, ...], of: tuple[str, str]
    ) -> dict[str, Any]:
        """The first member of staff proposes, another who asks for the same within a day settles it."""
        name, first = self.wishes.get(wish, ("", ""))
        case = self.cases.get(name)
        if case is None or case["status"] != "open" or case["due_at"] <= ask.at:
            name, about = f"C{seq:011d}", f"D{seq:011d}"
            self.wishes[wish], self.askers[about] = (name, ask.actor), ask.actor
            self.cases[name] = {
                "id": name, "about": about, "customer": of[1], "hold": "", "status": "open", "code": of[0],
                "opened_at": ask.at, "due_at": ask.at + 86_400_000_000, "closed_by": "", "closed_at": 0,
            }  # fmt: skip
            return {"result": "proposed", "case": name}
        self.about = case["about"]
        if first == ask.actor:
            raise No("second_person_needed")
        self.cases[name] = case | {"status": "released", "closed_by": ask.actor, "closed_at": ask.at}
        return {"about": case["about"], "case": name}

    def do_exchange(self, ask: Any, seq: int) -> dict[str, Any]:
        """One currency for another, rounded down for the customer."""
        payer, payee = self.own(ask.payer, ask.actor), self.own(ask.payee, ask.actor)
        if payer is None or payee is None or not payer["owner"] == payee["owner"] == ask.customer:
            raise No("account_not_found")
        not_their_own(ask.actor, payer, payee)
        sold, bought = payer["currency"], payee["currency"]
        if sold == bought:
            raise No("same_currency")
        rate = Fraction(ask.rate_numerator, ask.rate_denominator) * Fraction(10_000 - ask.margin_bp, 10_000)
        much = int(Fraction(ask.amount_minor, 10 ** PLACES[sold]) * rate * 10 ** PLACES[bought])
        if much < 1:
            raise No("exchange_too_small")
        moves: list[Move] = [
            (ask.payer, f"bank:exchange:{sold}", ask.amount_minor, sold, "exchange"),
            (f"bank:exchange:{bought}", ask.payee, much, bought, "exchange"),
        ]
        return {"lines": self.books.post(moves, seq, ask.at)}

    def do_run_day_end(self, ask: Any, seq: int) -> dict[str, Any]:
        """Interest and fees of a day for a page of accounts."""
        if ask.at < (ask.day + 1) * DAY - 8 * HOUR:
            raise No("day_not_over")
        page = sorted(name for name in self.books.accounts if name > ask.after)[: ask.limit]
        last = page[-1] if len(page) == ask.limit else ""
        moves: list[Move] = []
        draft: dict[str, Row] = {}
        waived: list[str] = []
        for account in (self.books.accounts[name] for name in page):
            if account["side"] == "bank" or account["status"] != "open" or first_open(account) > ask.day:
                continue
            run = DayRun(account)
            if bears(account):
                run.through(self.books, ask.day)
            draft[account["id"]] = account | {"accrued_micro": run.accrued, "accrued_day": ask.day}
            moves += run.moves
            waived += [account["id"]] if run.waived else []
        lines = self.books.post(moves, seq, ask.at, draft)
        return {
            "lines": lines, "told": {"accounts": len(draft), "last": last, "waived": waived, "damaged": []}
        }  # fmt: skip

    def do_close_account(self, ask: Any, seq: int) -> dict[str, Any]:
        """Interest is settled, the rest paid out, the account closed: all of it or nothing."""
        account = self._open(ask)
        payee = self.own(ask.payee, ask.actor) if ask.payee else None
        if ask.payee and (payee is None or payee["owner"] != account["owner"]):
            raise No("account_not_found")
        yesterday = day_of(ask.at) - 1
        run, done = DayRun(account), max(yesterday, account["accrued_day"])
        if first_open(account) <= yesterday:
            if bears(account):
                run.through(self.books, yesterday)
        else:
            done = account["accrued_day"]
        run.settle()
        left = account["booked_minor"] + run.moved
        moves = list(run.moves)
        if ask.payee and left > 0 and not account["held_minor"]:
            moves.append((account["id"], ask.payee, left, account["currency"], "closing"))
        before = account | {"accrued_micro": run.accrued, "accrued_day": done}
        paid = bool(ask.payee) and left > 0
        draft = {account["id"]: before}
        self._check_all(moves, draft, ask.at)
        if account["held_minor"]:
            raise No("account_has_holds")
        if left < 0 or run.accrued <= -1_000_000:
            raise No("account_owes")
        if left and not paid:
            raise No("account_not_empty")
        lines = self.books.post(moves, seq, ask.at, draft)
        name = account["id"]
        self.books.accounts[name] = self.books.accounts[name] | {"status": "closed"}
        return {"lines": lines}

    def _check_all(self, moves: list[Move], draft: dict[str, Row], at: int) -> None:
        """Raise No when the movements cannot all be made; changes nothing."""
        trial = Books()
        trial.accounts = self.books.accounts | draft
        trial.post(moves, 0, at)


__all__ = ["Orders", "available"]
