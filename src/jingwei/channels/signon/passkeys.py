"""Passkeys (WebAuthn level 3): what a browser is asked, and whether its answer is the one that was asked."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jingwei.stores.factors import Passkey
from jingwei.stores.identities import Person

MOST_BYTES = 16_384
PATIENCE_MS = 120_000
VERIFIED = UserVerificationRequirement.REQUIRED


class NotProved(ValueError):
    """The browser's answer does not prove anything. The message is for the log, not for strangers."""


class Party:
    """The bank as browsers know it: its origin (https://bank.example) and the name in it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self.id = urlsplit(self.origin).hostname or "localhost"

    def to_add(self, person: Person, known: list[Passkey], challenge: bytes) -> str:
        """The options (JSON) for making a passkey."""
        handle = hashlib.sha256(f"jingwei person {person.actor}".encode()).digest()
        options = webauthn.generate_registration_options(
            rp_id=self.id,
            rp_name="Jingwei 经纬",
            user_name=person.login,
            user_display_name=person.name,
            user_id=handle,
            challenge=challenge,
            timeout=PATIENCE_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
        )
        return webauthn.options_to_json(options)

    def to_sign(self, challenge: bytes, known: list[Passkey]) -> str:
        """The options (JSON) for signing a challenge, with one of these passkeys or any of the bank's."""
        options = webauthn.generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            timeout=PATIENCE_MS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
            user_verification=VERIFIED,
        )
        return webauthn.options_to_json(options)

    def added(self, text: str, challenge: bytes, passkey: Passkey) -> Passkey:
        """`passkey` with what the browser made. Raises NotProved."""
        try:
            made = webauthn.verify_registration_response(
                credential=_read(text),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise NotProved(str(error)) from error
        return passkey._replace(
            id=made.credential_id, public_key=made.credential_public_key, signs=made.sign_count
        )

    def signed(self, text: str, challenge: bytes, passkey: Passkey) -> int:
        """The passkey's counter after it signed this challenge. Raises NotProved."""
        try:
            made = webauthn.verify_authentication_response(
                credential=_read(text),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.signs,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise NotProved(str(error)) from error
        return made.new_sign_count


def named(text: str) -> bytes:
    """The id of the passkey an answer says it comes from. Raises NotProved."""
    raw = _read(text).get("rawId")
    try:
        return webauthn.base64url_to_bytes(str(raw))
    except ValueError as error:
        raise NotProved("the passkey's id cannot be read") from error


def _read(text: str) -> dict[str, Any]:
    if len(text) > MOST_BYTES:
        raise NotProved("the answer is too long")
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise NotProved("the answer is not JSON") from error
