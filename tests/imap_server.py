"""A real IMAP server for tests: Debian's dovecot on a free port of this machine, in a folder of its own, without rights."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

import pytest
from django.conf import settings

from tests.patience import HANGS_AFTER_SECONDS, eventually
from tests.ports import free_port

PASSWORD = "mail-box-password"  # noqa: S105
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = {name}
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where it listens and where it keeps its mail. Everybody signs in with `PASSWORD`."""

    folder: Path
    port: int
    tls_port: int
    certificate: str

    def deliver(self, user: str, octets: bytes, folder: str = "INBOX") -> None:
        """Put a mail into somebody's folder, as a mail server does that delivers it."""
        with self.signed_in(user) as client:
            if folder != "INBOX":
                client.create(folder)
            kind, said = client.append(folder, "", "", octets)
            assert kind == "OK", said

    def deliver_many(self, user: str, mails: list[bytes]) -> None:
        with self.signed_in(user) as client:
            for octets in mails:
                assert client.append("INBOX", "", "", octets)[0] == "OK"

    def uids(self, user: str, folder: str = "INBOX", what: str = "ALL") -> list[int]:
        """The numbers of the mails in a folder that are `what` asks for."""
        with self.signed_in(user) as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            return [int(uid) for uid in client.uid("SEARCH", what)[1][0].split()]

    def renumber(self, user: str) -> None:
        """Let the server forget its numbers, as after a restore: UIDVALIDITY changes and every mail is numbered anew."""
        home = self.folder / "mail" / user
        listed = home / "dovecot-uidlist"
        head, owner = listed.read_text().split("\n", 1)[0].split(), listed.stat()
        for file in home.rglob("dovecot*"):
            file.unlink(missing_ok=True)
        listed.write_text(f"3 V{int(head[1][1:]) + 100} N1 {head[3]}\n")
        os.chown(listed, owner.st_uid, owner.st_gid)

    @contextlib.contextmanager
    def signed_in(self, user: str) -> Iterator[IMAP4]:
        client = IMAP4("127.0.0.1", self.port, timeout=HANGS_AFTER_SECONDS)
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.logout()


def _make_certificate(folder: Path) -> str:
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem"), "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "server.pem").read_text()


@contextlib.contextmanager
def imap_server() -> Iterator[ImapServer]:
    """The server, running until the block ends. The test is skipped where dovecot is not installed."""
    program = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
    if program is None:
        pytest.skip("dovecot is not installed (.ci/packages)")
    # As root the mail still belongs to somebody without rights: dovecot serves no mail of root.
    who = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    with tempfile.TemporaryDirectory(prefix="amends-imap-") as name:
        folder = Path(name)
        (folder / "mail").mkdir()
        certificate = _make_certificate(folder)
        if os.getuid() == 0:
            for path in (folder, folder / "mail"):
                os.chown(path, who.pw_uid, who.pw_gid)
        folder.chmod(0o755)
        port, tls_port = free_port(), free_port()
        group = grp.getgrgid(who.pw_gid).gr_name
        text = CONFIG.format(
            folder=folder, name=folder.name, user=who.pw_name, group=group, port=port, tls_port=tls_port, ssl="yes",
            password=PASSWORD,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(text)
        process = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.PIPE)
        try:
            server = ImapServer(folder, port, tls_port, certificate)
            _wait_for(server, process)
            with _may_be_called(port, tls_port):
                yield server
        finally:
            process.terminate()
            process.wait(timeout=HANGS_AFTER_SECONDS)


@contextlib.contextmanager
def _may_be_called(*ports: int) -> Iterator[None]:
    """A server on this machine is spoken to only where the operator names it."""
    before = settings.OUTBOUND_PRIVATE
    settings.OUTBOUND_PRIVATE = [*before, *(f"127.0.0.1:{port}" for port in ports)]
    try:
        yield
    finally:
        settings.OUTBOUND_PRIVATE = before


def _wait_for(server: ImapServer, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError, IMAP4.error, ssl.SSLError), server.signed_in("probe"):
            return True
        return False

    try:
        eventually(answers, or_is_over=lambda: process.poll() is not None, look_every=0.1)
    except AssertionError as error:
        log = server.folder / "dovecot.log"
        raise AssertionError(log.read_text() if log.exists() else process.stderr and process.stderr.read()) from error
