"""What a program asks for: an authorization request, read strictly, or why it cannot be taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple

from jingwei.channels.roles import SCOPES
from jingwei.stores.identities import Client

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
TEXT = re.compile(r"[\x21-\x7e]{1,512}", re.ASCII)


class Unasked(Exception):
    """A request that is not taken. `code` is OAuth's error code; `says` one sentence for programmers."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code, self.says = code, says


class Wish(NamedTuple):
    """A request for a code, as checked."""

    client: str
    redirect: str
    scope: str
    state: str
    nonce: str
    challenge: str
    prompt: str


def redirect_of(client: Client | None, asked: Mapping[str, str]) -> str:
    """The address to answer to, letter by letter one that was registered. Raises Unasked."""
    if client is None:
        raise Unasked("invalid_client", "no such client is registered")
    redirect = asked.get("redirect_uri", "")
    if redirect not in client.redirects:
        raise Unasked("invalid_request", "redirect_uri is not one that was registered")
    return redirect


def wish_of(client: Client, redirect: str, asked: Mapping[str, str]) -> Wish:
    """The request in full. Raises Unasked, which is answered to the redirect address."""
    if asked.get("response_type") != "code":
        raise Unasked("unsupported_response_type", "response_type must be code")
    if asked.get("response_mode", "query") != "query":
        raise Unasked("invalid_request", "response_mode must be query")
    if asked.get("request") or asked.get("request_uri"):
        raise Unasked("request_not_supported", "request objects are not taken")
    scopes = _scopes(client, asked.get("scope", "").split())
    if asked.get("code_challenge_method") != "S256":
        raise Unasked("invalid_request", "code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise Unasked("invalid_request", "code_challenge must be 43 characters of base64url")
    for name in ("state", "nonce"):
        if not TEXT.fullmatch(asked.get(name, "")):
            raise Unasked("invalid_request", f"{name} is needed: 1 to 512 visible ASCII characters")
    prompt = asked.get("prompt", "")
    if prompt not in ("", "none", "login", "consent"):
        raise Unasked("invalid_request", "prompt must be none, login or consent")
    return Wish(
        client.id, redirect, " ".join(dict.fromkeys(scopes)), asked["state"], asked["nonce"],
        asked["code_challenge"], prompt,
    )  # fmt: skip


def _scopes(client: Client, scopes: list[str]) -> list[str]:
    if "openid" not in scopes:
        raise Unasked("invalid_scope", "scope must contain openid")
    if any(one not in SCOPES or one not in client.scopes for one in scopes):
        raise Unasked("invalid_scope", "this client may not ask for this scope")
    return scopes


def verifies(challenge: str, verifier: str) -> bool:
    """Whether the verifier is the one whose S256 challenge this is (RFC 7636, 4.6)."""
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
