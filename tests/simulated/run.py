"""One run from its plan to its result: the world set up, let go, brought to rest and looked at."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from tests.simulated.clients import Client
from tests.simulated.disk import Disk
from tests.simulated.founding import founded
from tests.simulated.node import Anchors, Node
from tests.simulated.orders import Order
from tests.simulated.plan import Plan
from tests.simulated.planted import PLANTED, Plant
from tests.simulated.story import tell
from tests.simulated.watch import Watch
from tests.simulated.world import Broken, World

from jingwei.bank import Bank
from jingwei.kernel.clock import DAY, HOUR, MINUTE, SECOND, bank_day, day_start
from jingwei.stores.store import StoreError

BUGS = (AssertionError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, StoreError)
"""What a mistake in the bank (or in the simulation) raises; a run that meets one has found something."""


class Result(msgspec.Struct, frozen=True):
    """How a run ended. `broken` is the kind of what did not hold, "" when all held; `says` tells it."""

    plan: Plan
    trace: str
    broken: str
    says: str
    fired: list[str]
    orders: list[str]
    counts: dict[str, int]
    story: str


def simulate(plan: Plan) -> Result:
    """Do one run. The same plan gives the same result, in any process."""
    run = Run(plan)
    broken = says = ""
    with silent(), PLANTED[plan.plant].planted():
        try:
            run.go()
        except Broken as found:
            broken, says = found.kind, found.says
        except BUGS as bug:
            broken, says = "bug", f"{type(bug).__name__}: {bug}"
    end = f"# BROKEN: {broken}: {says}" if broken else "# all holds"
    world = run.world
    return Result(
        plan, world.trace(), broken, says, world.fired, run.order_ids(), dict(sorted(world.counts.items())),
        tell(world.told, end, brief=plan.only is not None),
    )  # fmt: skip


@contextmanager
def silent() -> Iterator[None]:
    """No log lines of the bank: thousands of runs fail writes on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


class Run:
    """The parts of one run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.world = world = World(plan)
        self.plant: Plant = PLANTED[plan.plant]
        self.disk = Disk(founded(plan.start, plan.long_log).copy())
        self.anchors = Anchors(world)
        bank: type[Bank] = self.plant.bank
        self.nodes = [Node(name, world, self.disk, self.anchors, bank) for name in ("bank", "second bank")]
        self.clients = [Client(world, number, self.nodes) for number in range(plan.clients)]
        self.watch = Watch(world, self.disk, self.anchors)
        self.disk.applied = self.watch.applied
        self.active = self.nodes[0]
        self._days: dict[int, str] = {}
        for node in self.nodes:
            node.started = self._started
            node.ended = self._ended
        self.plant.prepare(self.disk)

    def order_ids(self) -> list[str]:
        """Every order and day-end that was in the run."""
        return [*(order.id for order in self._orders()), *(f"day-end {day}" for day in self._days)]

    def go(self) -> None:
        """Faults first, then rest; then everything is looked at."""
        plan, world = self.plan, self.world
        end = plan.start + plan.days * DAY
        self.active.start()
        self._occasions(end)
        self._workers(end)
        for client in self.clients:
            client.begin()
        world.run(end)
        self._rest(end)
        self.watch.finished(self.active, self._orders())

    def _orders(self) -> list[Order]:
        return [order for client in self.clients for order in client.journal.values()]

    def _started(self) -> None:
        self.plant.starts(self.disk)
        self.watch.started(self._orders())

    # -- what befalls the machines ------------------------------------------------------------

    def _occasions(self, end: int) -> None:
        """Draw when processes die, stop, are taken over, clocks jump, and ways are cut."""
        world = self.world
        what = {"crash": self._crash, "stop": self._stop, "takeover": self._take_over}
        what["clock_jump"] = self._jump
        for kind, act in what.items():
            for n in range(4):
                if world.fault(kind, str(n)):
                    self._when(kind, n, end, lambda act=act, n=n: act(n))
        for client in self.clients:
            for which in ("ask", "answer"):
                if world.fault("cut_off", f"{client.name} {which}"):
                    self._cut(client, which, end)

    def _when(self, kind: str, n: int, end: int, what: object) -> None:
        """Most things happen while most orders do: in the first minute."""
        chance, start = self.world.chance, self.plan.start
        until = start + MINUTE if chance.share(f"{kind} {n} early") < 0.7 else end
        self.world.at(start + chance.whole(f"{kind} {n} when", 0, until - start), what)  # type: ignore[arg-type]

    def _crash(self, n: int) -> None:
        node = self.active
        if node.now() > self.world.now:
            self.world.at(node.now(), lambda: self._crash(n))
        else:
            node.die("dies")

    def _stop(self, n: int) -> None:
        self.active.when_free(self.active.stop)

    def _take_over(self, n: int) -> None:
        """The active process is cut off from the disk and does not know; the other one takes its place."""
        old = self.active
        if old.home is None:
            return
        self.world.tell("bank", f"# {old.name} is cut off from its disk")
        self.disk.lose_power(self.world, self.world.now, "cut off")
        new = self.nodes[1 - self.nodes.index(old)]
        new.die("is replaced")
        self.active = new
        new.start()
        self.world.after(self.world.seconds(f"zombie {n}", 1_000, 60_000), lambda: self._end_zombie(old))

    def _end_zombie(self, node: Node) -> None:
        if node is not self.active:
            node.die("is ended, being replaced")

    def _jump(self, n: int) -> None:
        by = self.world.chance.one_of(f"jump {n}", (-2 * DAY, -HOUR, -SECOND, SECOND, HOUR, DAY, 30 * DAY))
        self.active.offset += by
        self.world.tell("bank", f"# the clock of {self.active.name} jumps by {by // SECOND} s")

    def _cut(self, client: Client, which: str, end: int) -> None:
        name = f"cut {client.name} {which}"
        start = self.plan.start + self.world.seconds(f"{name} from", 0, 20_000)

        def switch(closed: bool) -> None:
            client.way.closed[which] = closed

        self.world.at(start, lambda: switch(True))
        self.world.at(start + self.world.seconds(f"{name} for", 500, 30_000), lambda: switch(False))

    # -- who keeps the bank going -------------------------------------------------------------

    def _ended(self) -> None:
        """A process is gone: a moment later the supervisor looks."""
        self.world.after(SECOND, self._keep_up)

    def _keep_up(self) -> None:
        """Start the active process when it is not up."""
        if self.active.home is None:
            self.active.start()

    def _workers(self, end: int) -> None:
        """Heads are signed every so often; after every midnight the day before is closed."""
        world = self.world
        for n in range(8):
            world.after(world.seconds(f"sign {n}", 0, 60_000), self._sign)
        today = bank_day(self.plan.start)
        for day in range(today, today + self.plan.days):
            if f"day-end {day}" in self.plan.without:
                continue
            self._days[day] = ""
            world.at(day_start(day + 1) + 5 * MINUTE, lambda day=day: self._close_day(day))  # type: ignore[misc]
            world.at(day_start(day + 1) + HOUR, self._sign)

    def _sign(self) -> None:
        node = self.active
        node.when_free(node.sign)

    def _close_day(self, day: int) -> None:
        """Ask for the day-end until it is done; the day itself is the key."""
        if self._days[day] == "done" or (self.world.now > self.plan.start + self.plan.days * DAY
                                         and not self.plan.liveness):  # fmt: skip
            return

        def told(outcome: str) -> None:
            self._days[day] = outcome if self._days[day] != "done" else "done"

        node = self.active
        node.when_free(lambda: node.close_day(day, told))
        self.world.after(MINUTE, lambda: self._close_day(day))

    def _rest(self, end: int) -> None:
        """The faults stop. In a liveness run everybody then learns what became of his orders."""
        world = self.world
        world.quiet = True
        for node in self.nodes:
            node.offset = 0
            if node is not self.active:
                node.die("is ended")
        if self.plan.liveness:
            self._look_at_clock()
            for client in self.clients:
                client.hurry(end)
            world.run(end + 3 * DAY, self._all_done)
            if not self._all_done():
                late = [order.id for order in self._orders() if not order.outcome]
                late += [f"day-end {day}" for day, outcome in self._days.items() if outcome != "done"]
                raise Broken("no_outcome", f"without an outcome after the faults stopped: {', '.join(late)}")
        else:
            self.active.die("dies at the end")
            world.run(end + HOUR, lambda: self.active.home is not None)

    def _look_at_clock(self) -> None:
        """A bank begun under a wrong clock goes by it still: who sees it in the figures restarts it."""
        home = self.active.home
        if home is not None and abs(home.clock.behind()) > HOUR:
            self.world.tell("bank", f"# {self.active.name} is seen to go by another clock")
            self.active.when_free(self.active.stop)

    def _all_done(self) -> bool:
        return (
            self.active.home is not None
            and all(client.done() for client in self.clients)
            and set(self._days.values()) <= {"done"}
        )
