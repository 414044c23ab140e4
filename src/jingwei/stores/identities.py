"""Who may sign in and with what: people, roles and their credentials, in a durable file of its own."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.journeys.change_credential import ChangeCredential
from jingwei.stores.factors import FACTOR_TABLES, Factors
from jingwei.stores.once import ONCE_TABLES, Once, Tries
from jingwei.stores.vault import Vault
from jingwei.stores.whole import whole

FILE = "identities.db"
KEY_FILE = "vault.key"
TABLES = """
CREATE TABLE IF NOT EXISTS people (
  actor TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, roles TEXT NOT NULL,
  password TEXT NOT NULL DEFAULT '', disabled_at INTEGER NOT NULL DEFAULT 0,
  invite BLOB NOT NULL DEFAULT x'', invite_ends INTEGER NOT NULL DEFAULT 0, since INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clients (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, redirects TEXT NOT NULL, scopes TEXT NOT NULL,
  secret BLOB NOT NULL DEFAULT x'', disabled_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unsealed (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


class Person(msgspec.Struct, frozen=True):
    """Somebody who may sign in. `actor` is as commands name them; `roles` are fine roles."""

    actor: str
    login: str
    name: str
    roles: tuple[str, ...]
    password: str = ""
    disabled_at: int = 0
    invite: bytes = b""
    invite_ends: int = 0
    since: int = 0

    @property
    def enrolled(self) -> bool:
        """Whether a password was set."""
        return bool(self.password)


class Client(NamedTuple):
    """A program that may ask for tokens. `redirects` are matched letter by letter; `secret` is a digest."""

    id: str
    name: str
    redirects: tuple[str, ...]
    scopes: tuple[str, ...]
    secret: bytes = b""
    disabled_at: int = 0


class Identities:
    """People and credentials. Every write is durable before it returns. For one thread."""

    def __init__(self, home: Path) -> None:
        """Open or make identities.db in the home. Raises VaultError when its key file cannot be used."""
        path = home / FILE
        self.vault = Vault(home / "keys" / KEY_FILE)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(TABLES + FACTOR_TABLES + ONCE_TABLES)
        self.factors = Factors(self._db, self.vault)
        self.once = Once(self._db)
        self.tries = Tries(self._db)

    def together(self) -> AbstractContextManager[None]:
        """Everything inside is written, or nothing."""
        return whole(self._db)

    # -- people -------------------------------------------------------------------------------

    def add(self, person: Person) -> bool:
        """Keep somebody new; False when the actor or the login name is taken."""
        row = (person.actor, person.login, person.name, _packed(person.roles), person.since)
        done = self._db.execute(
            "INSERT OR IGNORE INTO people (actor, login, name, roles, since) VALUES (?, ?, ?, ?, ?)", row
        )
        return done.rowcount == 1

    def person(self, actor: str) -> Person | None:
        """Somebody by actor."""
        return self._one("actor", actor)

    def by_login(self, login: str) -> Person | None:
        """Somebody by login name."""
        return self._one("login", login)

    def people(self) -> list[Person]:
        """Everybody, by actor."""
        return [_person(row) for row in self._db.execute("SELECT * FROM people ORDER BY actor")]

    def _one(self, column: str, value: str) -> Person | None:
        row = self._db.execute(f"SELECT * FROM people WHERE {column} = ?", (value,)).fetchone()
        return None if row is None else _person(row)

    def set_password(self, actor: str, digest: str) -> None:
        """Keep the Argon2 text of a new password; an open invitation is over."""
        self._db.execute(
            "UPDATE people SET password = ?, invite = x'', invite_ends = 0 WHERE actor = ?", (digest, actor)
        )

    def hash_anew(self, actor: str, before: str, digest: str) -> bool:
        """Keep another Argon2 text of the same password; False when it is no longer the password's text."""
        done = self._db.execute(
            "UPDATE people SET password = ? WHERE actor = ? AND password = ?", (digest, actor, before)
        )
        return done.rowcount == 1

    def set_roles(self, actor: str, roles: tuple[str, ...]) -> None:
        """Give somebody exactly these fine roles."""
        self._db.execute("UPDATE people SET roles = ? WHERE actor = ?", (_packed(roles), actor))

    def set_disabled(self, actor: str, at: int) -> None:
        """Let nobody sign in as this person from now on; 0 lets them again."""
        self._db.execute("UPDATE people SET disabled_at = ? WHERE actor = ?", (at, actor))

    def invite(self, actor: str, code: str, ends_at: int) -> None:
        """Let this person enrol once with this code until then."""
        mark = self.vault.mark(code, f"invite:{actor}")
        self._db.execute(
            "UPDATE people SET invite = ?, invite_ends = ? WHERE actor = ?", (mark, ends_at, actor)
        )

    def invited(self, person: Person | None, code: str, now: int) -> bool:
        """Whether this code lets the person enrol now."""
        marks = self.vault.marks(code, f"invite:{person.actor if person else ''}")
        return person is not None and now <= person.invite_ends and person.invite in marks

    def forget(self, actor: str) -> None:
        """Forget the password and every factor of a person (before a new invitation)."""
        self._db.execute("UPDATE people SET password = '' WHERE actor = ?", (actor,))
        self.factors.forget(actor)

    # -- clients ------------------------------------------------------------------------------

    def keep_client(self, client: Client) -> None:
        """Keep a client as it is now."""
        lists = (_packed(client.redirects), _packed(client.scopes))
        row = (client.id, client.name, *lists, client.secret, client.disabled_at)
        self._db.execute("INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?, ?)", row)

    def client(self, client_id: str) -> Client | None:
        """A client that is not disabled."""
        found = [one for one in self.clients() if one.id == client_id and not one.disabled_at]
        return found[0] if found else None

    def clients(self) -> list[Client]:
        """Every client, by id."""
        rows = self._db.execute("SELECT * FROM clients ORDER BY id")
        return [Client(row[0], row[1], _unpacked(row[2]), _unpacked(row[3]), row[4], row[5]) for row in rows]

    # -- what the evidence still has to hold -----------------------------------------------------

    def owe(self, command: ChangeCredential) -> None:
        """Note that this change must be sealed; written together with the change itself."""
        self._db.execute("INSERT INTO unsealed (body) VALUES (?)", (msgspec.json.encode(command),))

    def owed(self) -> list[tuple[int, ChangeCredential]]:
        """Changes not sealed yet, in order; sealing one twice does it once (its key)."""
        rows = self._db.execute("SELECT id, body FROM unsealed ORDER BY id LIMIT 500")
        return [(row[0], msgspec.json.decode(row[1], type=ChangeCredential)) for row in rows]

    def paid(self, number: int) -> None:
        """Note that a change is sealed."""
        self._db.execute("DELETE FROM unsealed WHERE id = ?", (number,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _packed(texts: tuple[str, ...]) -> str:
    return msgspec.json.encode(texts).decode()


def _unpacked(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _person(row: tuple[str, str, str, str, str, int, bytes, int, int]) -> Person:
    return Person(row[0], row[1], row[2], _unpacked(row[3]), *row[4:])
