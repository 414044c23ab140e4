"""An authenticator in software: makes passkeys and signs with them, honestly or as an attacker would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, AT = 0x01, 0x04, 0x40


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """One passkey. Every field an attacker might forge can be given by name."""

    def __init__(self, origin: str, rp_id: str) -> None:
        self.origin, self.rp_id = origin, rp_id
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.count = 0

    def _client(self, kind: str, options: str, forged: dict[str, Any]) -> bytes:
        challenge = json.loads(options)["challenge"]
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | {k: v for k, v in forged.items() if k in said}).encode()

    def _data(self, flags: int, forged: dict[str, Any], more: bytes = b"") -> bytes:
        self.count = forged.get("count", self.count + 1)
        rp = hashlib.sha256(forged.get("rp_id", self.rp_id).encode()).digest()
        return rp + bytes([forged.get("flags", flags)]) + self.count.to_bytes(4, "big") + more

    def make(self, options: str, **forged: Any) -> str:
        """The answer to a request to make a passkey, as the page's script sends it."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        more = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        data = self._data(UP | UV | AT, forged, more)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, forged)
        return self._answer({"clientDataJSON": encoded(client), "attestationObject": encoded(attested)})

    def sign(self, options: str, **forged: Any) -> str:
        """The answer to a request to sign."""
        client, data = self._client("webauthn.get", options, forged), self._data(UP | UV, forged)
        signed = data + hashlib.sha256(client).digest()
        key = forged.get("key", self.key)
        signature = key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(client),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
            }
        )

    def _answer(self, response: dict[str, str]) -> str:
        name = encoded(self.id)
        made = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps(made | {"clientExtensionResults": {}})
