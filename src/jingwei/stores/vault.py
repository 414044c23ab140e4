"""The vault: seals small secrets at rest under a key file of the home; AES-GCM, or SM4 and SM3 by choice."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jingwei.kernel.durable import make_folder, sync_folder

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
AES, SM4 = b"A", b"S"
CIPHERS = {"": AES, "aes": AES, "sm4": SM4}
"""What JINGWEI_CIPHER may be: "aes" (AES-256-GCM, the default) or "sm4" (SM4-GCM, GB/T 32907)."""


class VaultError(ValueError):
    """The vault's key file cannot be used, or a sealed secret was changed; the message says what to do."""


class Vault:
    """Seals and opens secrets. What one cipher sealed is opened whatever is chosen now."""

    def __init__(self, path: Path, cipher: str | None = None) -> None:
        """Open or make the key file at `path`. Raises VaultError."""
        chosen = os.environ.get("JINGWEI_CIPHER", "") if cipher is None else cipher
        if chosen.lower() not in CIPHERS:
            raise VaultError(f"JINGWEI_CIPHER is {chosen!r}; write aes or sm4")
        self._scheme = CIPHERS[chosen.lower()]
        master = _key(path)
        self._aes = AESGCM(_derived(master, hashes.SHA256(), 32, b"jingwei vault aes"))
        self._sm4 = _derived(master, hashes.SM3(), 16, b"jingwei vault sm4")
        self._mark = _derived(master, hashes.SHA256(), 32, b"jingwei vault mark")

    def seal(self, secret: bytes, about: str) -> bytes:
        """The secret, sealed; it opens only under the same `about` (whose it is and what for)."""
        nonce = os.urandom(NONCE_BYTES)
        if self._scheme == AES:
            return AES + nonce + self._aes.encrypt(nonce, secret, about.encode())
        sealing = Cipher(algorithms.SM4(self._sm4), modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(about.encode())
        body = sealing.update(secret) + sealing.finalize()
        return SM4 + nonce + body + sealing.tag

    def open(self, sealed: bytes, about: str) -> bytes:
        """The secret again. Raises VaultError when the bytes or `about` are not as they were sealed."""
        scheme, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if scheme == AES:
                return self._aes.decrypt(nonce, body, about.encode())
            if scheme == SM4 and len(body) >= TAG_BYTES:
                mode = modes.GCM(nonce, body[-TAG_BYTES:])
                opening = Cipher(algorithms.SM4(self._sm4), mode).decryptor()
                opening.authenticate_additional_data(about.encode())
                return opening.update(body[:-TAG_BYTES]) + opening.finalize()
        except InvalidTag:
            pass
        raise VaultError("a sealed secret was changed, or was sealed under another key file")

    def mark(self, text: str, about: str) -> bytes:
        """A keyed digest: stands for a text of high entropy, or for a name, without holding it."""
        digest = hashes.SM3() if self._scheme == SM4 else hashes.SHA256()
        return self._marked(text, about, digest)

    def marks(self, text: str, about: str) -> tuple[bytes, bytes]:
        """The digests this text may have been kept under, whatever cipher was chosen then."""
        return self._marked(text, about, hashes.SHA256()), self._marked(text, about, hashes.SM3())

    def _marked(self, text: str, about: str, digest: hashes.HashAlgorithm) -> bytes:
        marking = hmac.HMAC(self._mark, digest)
        marking.update(about.encode() + b"\x00" + text.encode("utf-8", "surrogatepass"))
        return marking.finalize()


def _derived(master: bytes, digest: hashes.HashAlgorithm, length: int, info: bytes) -> bytes:
    return HKDF(algorithm=digest, length=length, salt=None, info=info).derive(master)


def _key(path: Path) -> bytes:
    """The master key, made at the first start for its owner's eyes alone."""
    if not path.exists():
        make_folder(path.parent)
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    sync_folder(path.parent)
    if path.stat().st_mode & 0o077:
        raise VaultError(f"others can read the key in {path}; run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise VaultError(f"{path} is not a key of {KEY_BYTES} bytes; restore it from a backup")
    return key
