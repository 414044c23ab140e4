"""Clients and the way between them and the bank: messages lost, doubled, late, out of order, cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from tests.simulated.node import Node
from tests.simulated.orders import Order, first_orders, follow_ups
from tests.simulated.world import Broken, World

from jingwei.bank import Reply
from jingwei.journeys.shape import Answer
from jingwei.kernel.clock import MINUTE, SECOND

MS = SECOND // 1000
FIRST_PATIENCE, LONGEST_PATIENCE = 400 * MS, 8 * SECOND
MANY_TRIES, RESIGNED = 10, 90 * SECOND
"""After so many tries a client asks only every so often."""

MOST_TRIES = 6
"""After so many tries without an answer a client of a safety run gives up: the outcome is not known to it."""

TIME_FOR_ALL = 5 * MINUTE
"""Once faults have stopped, every order has its outcome within this simulated time."""

Deliver = Callable[[], None]


class Way:
    """Carries messages between one client and the bank."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.closed = {"ask": False, "answer": False}

    def carry(self, which: str, site: str, sent: int, deliver: Deliver) -> None:
        """Bring a message (`which` is "ask" or "answer") sent at this time, or do not."""
        world = self.world
        if (self.closed[which] and not world.quiet) or world.fault(f"{which}_lost", site):
            lost = "the request of" if which == "ask" else "the answer to"
            world.tell(self.name, f"# {lost} {site.split(maxsplit=1)[0]} is lost")
            return
        copies = 2 if world.fault(f"{which}_doubled", site) else 1
        for copy in range(copies):
            delay = world.chance.whole(f"{which} way {site} {copy}", 1, 40) * MS
            if world.fault("slow_way", f"{which} {site} {copy}"):
                delay *= world.chance.whole(f"{which} slow {site} {copy}", 5, 200)
            world.at(sent + delay, deliver)


class Client:
    """Somebody with orders, done one after the other (in a crowd: all at once).

    What follows from an answer comes beside them.
    An order and its key are stored before it is sent. Without an answer it is sent again under the same
    key, each time after a longer wait, to whichever bank process answers.
    """

    def __init__(self, world: World, number: int, nodes: Sequence[Node]) -> None:
        self.world, self.name = world, f"c{number}"
        self.way = Way(world, self.name)
        self.journal: dict[str, Order] = {}
        plan = world.plan
        drawn = first_orders(world.chance, number, plan)
        self.to_come = [order for order in drawn if not {order.id, self.name} & plan.without]
        self._hurry: int | None = None
        self._nodes = nodes
        self._node = 0
        self._life = 0

    def begin(self) -> None:
        """Send the first order; in a crowd all of them, each a moment after the one before."""
        after = 0
        while self.to_come and self.world.plan.crowd:
            order = self.to_come.pop(0)
            order.wait = after = order.wait % (self.world.plan.pace_ms * MS + 1) + after
            self._begin(order)
        self._next()

    def done(self) -> bool:
        """Whether every order has its outcome."""
        return not self.to_come and all(order.outcome for order in self.journal.values())

    def hurry(self, since: int) -> None:
        """From this time on nothing fails: an outcome must come within TIME_FOR_ALL."""
        self._hurry = since

    def _next(self) -> None:
        if self.to_come:
            self._begin(self.to_come.pop(0))

    def _begin(self, order: Order) -> None:
        self.journal[order.id] = order
        order.begun = self.world.now + order.wait
        self.world.at(order.begun, lambda: self._send(order))

    def _send(self, order: Order) -> None:
        """Send an order, for the first time or again."""
        world = self.world
        order.tries += 1
        site = f"{order.id} {order.tries}"
        if world.fault("client_died", site):
            self._life += 1
            life = self._life
            world.tell(self.name, f"# {self.name} dies and comes back")
            world.after(world.seconds(f"back {site}", 500, 5_000), lambda: self._come_back(life))
            return
        node = self._nodes[self._node % len(self._nodes)]
        if order.tries > 1:
            world.tell(self.name, f"# {order.id} is asked again, of {node.name}")

        def reply(told: Reply | Exception) -> None:
            self.way.carry("answer", f"{site} {node.name}", node.now(), lambda: self._told(order, told))

        def arrive() -> None:
            node.when_free(lambda: node.take(order.kind, order.fields, reply))

        self.way.carry("ask", site, world.now, arrive)
        tries, life = order.tries, self._life
        patience = min(FIRST_PATIENCE << min(order.tries, 10), LONGEST_PATIENCE)
        patience = patience if order.tries < MANY_TRIES else RESIGNED
        patience += world.seconds(f"jitter {site}", 0, 400)
        world.after(patience, lambda: self._look(order, tries, life))

    def _come_back(self, life: int) -> None:
        """Read the journal after a death and send again all that has no answer."""
        if life == self._life:
            for order in self.journal.values():
                if not order.outcome and not order.given_up and order.tries:
                    self._send(order)

    def _look(self, order: Order, tries: int, life: int) -> None:
        """The patience for one try is over."""
        if order.outcome or order.tries != tries or life != self._life:
            return
        self._node += 1
        if self._hurry is not None and self.world.now > max(self._hurry, order.begun) + TIME_FOR_ALL:
            raise Broken("no_outcome", f"{order.id} has no outcome long after the faults stopped")
        if order.tries >= MOST_TRIES and not self.world.plan.liveness:
            order.given_up = True
            self.world.tell(self.name, f"# {order.id} is given up, its outcome is not known")
            self._after(order)
        else:
            self._send(order)

    def _told(self, order: Order, reply: Reply | Exception) -> None:
        """An answer has come; a second one must be the first one, byte for byte."""
        if isinstance(reply, Exception):
            self.world.note(f"{order.id} failed".encode())
            return
        content = msgspec.json.encode(reply.answer)
        self.world.note(content)
        if order.outcome:
            self.world.counts["second answers"] += 1
            if (order.outcome, order.seq) != (content, reply.seq):
                raise Broken("answers_differ", f"{order.id} was told {order.outcome!r} and then {content!r}")
            return
        order.outcome, order.seq = content, reply.seq
        self.world.counts["answers"] += 1
        self.world.tell(self.name, f"# {order.id} is told {reply.answer.result} ({reply.answer.id})")
        self._follow(order, reply.answer)
        if not order.given_up:
            self._after(order)

    def _follow(self, order: Order, answer: Answer) -> None:
        for more in follow_ups(self.world.chance, order, answer):
            if more.id not in self.world.plan.without:
                self._begin(more)

    def _after(self, order: Order) -> None:
        if "+" not in order.id:
            self._next()
