"""The keys that sign tokens: ES256, in files of the home; the newest signs, the one before still counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
KEPT = 2
"""How many keys are published: the one that signs, and the one that signed what is still good."""


class TokenKeys:
    """Signs and checks tokens. A key made by `jingwei clients rotate` is used at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._seen_ns = -1
        self._keys: list[ECKey] = []
        if not self._files():
            self.rotate(0)

    def rotate(self, now: int) -> str:
        """Make a new key, which signs from now on; keys older than the one before it are removed."""
        key = ECKey.generate_key("P-256", private=True)
        path = self.folder / f"{now:020d}-{key.thumbprint()[:16]}.pem"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        for old in self._files()[:-KEPT]:
            old.unlink()
        return key.thumbprint()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.pem"))

    def _load(self) -> list[ECKey]:
        """The keys, newest first; read again when the folder changed."""
        changed = self.folder.stat().st_mtime_ns
        if changed != self._seen_ns:
            self._keys = []
            for path in reversed(self._files()[-KEPT:]):
                key = ECKey.import_key(path.read_bytes())
                key = ECKey.import_key(key.as_dict(private=True), {"kid": key.thumbprint(), "use": "sig"})
                self._keys.append(key)
            self._seen_ns = changed
        return self._keys

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """A signed token of this kind (its `typ`: "at+jwt" or "JWT")."""
        key = self._load()[0]
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def read(self, token: str, kind: str) -> dict[str, Any] | None:
        """The claims of a token of this kind that one of our keys signed with our algorithm; else None."""
        if len(token) > 4096 or token.count(".") != 2:
            return None
        try:
            found = jwt.decode(token, KeySet(list(self._load())), algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError, UnicodeError):
            return None
        named = found.header.get("kid") in [key.kid for key in self._keys]
        return dict(found.claims) if named and found.header.get("typ") == kind else None

    def published(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set."""
        keys = [key.as_dict(private=False) | {"alg": ALGORITHM, "use": "sig"} for key in self._load()]
        return {"keys": keys}
