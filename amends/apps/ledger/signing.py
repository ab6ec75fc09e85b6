"""The Ed25519 key that signs checkpoints: a file of its own, never in the database.

Beside the private key lies `<file>.pub`; it may hold several public keys, one after the other, so that checkpoints of a
key that was replaced can still be verified.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PEM_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


def signing_key(file: Path) -> Ed25519PrivateKey:
    """Return the private key of a file; a new one is made (0600, with its public key beside it) if there is none."""
    if not file.exists():
        _create(file)
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file} holds no Ed25519 private key")
    return key


def public_key_file(file: Path) -> Path:
    """Return where the public key of a private key's file lies."""
    return file.with_name(file.name + ".pub")


def public_keys(file: Path) -> set[str]:
    """Return the public keys of a file of PEM blocks, as hex. Refuses (`ValueError`) a file without any."""
    blocks = _PEM_BLOCK.findall(file.read_bytes())
    if not blocks:
        raise ValueError(f"{file} holds no public key")
    return {public_hex(serialization.load_pem_public_key(block)) for block in blocks}


def public_hex(key: object) -> str:
    """Return the 32 bytes of an Ed25519 public key as hex."""
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 public key")
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def public_pem(keys: Iterable[str]) -> str:
    """Return public keys as PEM blocks, to be handed out."""
    return "".join(_pem(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))) for key in sorted(keys))


def key_id(public_key: str) -> str:
    """Return the short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def is_signed(text: str, *, signature: str, public_key: str) -> bool:
    """Whether the signature (hex) over the text was made with the private half of this key (hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _create(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    file.parent.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Two processes may start at once: the one that links its file first wins, and nobody reads half a key.
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    _write_durably(draft, private, mode=0o600)
    try:
        os.link(draft, file)
        _write_durably(public_key_file(file), _pem(key.public_key()).encode(), mode=0o644)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _pem(key: Ed25519PublicKey) -> str:
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def _write_durably(file: Path, content: bytes, *, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
