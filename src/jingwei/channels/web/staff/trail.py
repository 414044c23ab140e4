"""The trail: what the last records say about customers, devices and payees; read as the log grows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from jingwei.channels.words import result_words
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY

if TYPE_CHECKING:
    from jingwei.kernel.refusal import Words
    from jingwei.stores.store import Reader

BACK = 20_000
"""How many records are read when the bank opens, and at most at one look."""

KEPT = 60
SHARED_FOR = 30 * DAY
MOST_SHARERS = 200


class Deed(NamedTuple):
    """One record about a customer. `kind` is the command's tag, `says` what came of it."""

    seq: int
    at: int
    kind: str
    actor: str
    result: str
    says: Words
    amount_minor: int
    currency: str
    to: str
    device: str
    place: str

    @property
    def id(self) -> str:
        """The decision's id."""
        return f"D{self.seq:011d}"


class Use(NamedTuple):
    """A customer used a device or place, or paid a payee: how often, and when last."""

    times: int
    at: int


class Trail:
    """Deeds by customer, and who used or paid what. For one thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._next = max(0, reader.size() - BACK)
        self._deeds: dict[str, deque[Deed]] = {}
        self._uses: dict[str, dict[str, Use]] = {}

    def catch_up(self, most: int = BACK) -> int:
        """Read on, at most so many records; return how many are left."""
        size = self._reader.size()
        end = min(size, self._next + most)
        for seq, leaf in self._reader.records(self._next, end):
            sealed = unseal(leaf)
            who = getattr(sealed.command, "customer", "")
            if who:
                self._take(seq, who, sealed.command, sealed.answer)
        self._next = max(end, self._next)
        return size - self._next

    def _take(self, seq: int, who: str, command: Any, answer: Any) -> None:
        to = _field(command, "payee") or _field(command, "terminal")
        amount = getattr(command, "amount_minor", 0)
        deed = Deed(
            seq, command.at, command.__struct_config__.tag, command.actor, answer.result,
            result_words(answer), amount, _field(command, "currency"), to, _field(command, "device"),
            _field(command, "place"),
        )  # fmt: skip
        self._deeds.setdefault(who, deque(maxlen=KEPT)).append(deed)
        for key in (f"device {deed.device}", f"payee {to}"):
            if not key.endswith(" "):
                self._use(key, who, deed.at)

    def _use(self, key: str, who: str, at: int) -> None:
        users = self._uses.setdefault(key, {})
        before = users.pop(who, Use(0, at))
        users[who] = Use(before.times + 1, max(before.at, at))
        if len(users) > MOST_SHARERS:
            del users[next(iter(users))]

    def deeds(self, customer: str) -> list[Deed]:
        """What the last records say about a customer, newest first."""
        return list(self._deeds.get(customer, ()))[::-1]

    def users(self, kind: str, name: str, now: int) -> dict[str, Use]:
        """Customers who used this device or paid this payee within 30 days, the last one first."""
        users = self._uses.get(f"{kind} {name}", {})
        return {who: use for who, use in reversed(users.items()) if use.at > now - SHARED_FOR}


def _field(command: Any, name: str) -> str:
    """A field of a command as text, "" when it has none of that name."""
    value = getattr(command, name, "")
    return value if isinstance(value, str) else ""
