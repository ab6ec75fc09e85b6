"""Carriers of text messages for tests: they check signatures themselves, keep what they took, and fail as told."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

SECRET = "the-secret-of-the-account"


@dataclass
class Carrier:
    """What a carrier of the cloud took and how it answers. `plan` says before each request what happens to it."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    plan: Callable[[str], str] = lambda action: "answer"
    hangs: float = 6.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    netloc: str = ""

    def numbers(self) -> list[str]:
        return [row["number"] for row in self.taken]


@contextmanager
def cloud(kind: str) -> Iterator[Carrier]:
    """A carrier on this machine, speaking as `aliyun` or `tencent` does."""
    carrier = Carrier()
    answer = {"aliyun": _aliyun, "tencent": _tencent}[kind]

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fate = carrier.plan(self.headers.get("x-acs-action") or self.headers.get("X-TC-Action") or "")
            if fate == "busy":
                return self._send(503, {})
            if fate == "drop":
                return self._hang_up()
            if fate == "hang":
                time.sleep(carrier.hangs)
                return self._hang_up()
            with carrier.lock:
                status, data = answer(carrier, self, body)
            if fate == "take and drop":
                return self._hang_up()
            return self._send(status, data)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _send(self, status: int, data: object) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    carrier.netloc = f"127.0.0.1:{server.server_port}"
    try:
        yield carrier
    finally:
        server.shutdown()
        server.server_close()


def _aliyun(carrier: Carrier, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, object]:
    query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
    given = request.headers["Authorization"].partition(" ")[2]
    parts = dict(piece.partition("=")[::2] for piece in given.split(","))
    names = parts["SignedHeaders"].split(";")
    encoded = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    lines = ["POST", "/", encoded]
    lines += [f"{name}:{request.headers[name]}" for name in names] + ["", ";".join(names), _sha(body)]
    wanted = hmac.new(SECRET.encode(), f"ACS3-HMAC-SHA256\n{_sha(chr(10).join(lines).encode())}".encode(), "sha256")
    if wanted.hexdigest() != parts["Signature"] or "x-acs-date" not in names or "host" not in names:
        carrier.refused.append(parts["Signature"])
        return 400, {"Code": "SignatureDoesNotMatch"}
    if request.headers["x-acs-action"] == "QuerySendDetails":
        rows = [
            {"OutId": t["reference"], "SendStatus": t.get("status", 1), "ErrCode": t.get("error", "DELIVERED"),
             "ReceiveDate": "2026-03-02 10:00:05"}
            for t in carrier.taken if t["number"] == query["PhoneNumber"]
        ]  # fmt: skip
        return 200, {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}
    if code := carrier.codes.get(query["PhoneNumbers"]):
        return 200, {"Code": code}
    carrier.taken.append({
        "number": query["PhoneNumbers"], "reference": query["OutId"], "sign": query["SignName"],
        "template": query["TemplateCode"], "values": json.loads(query["TemplateParam"]),
    })  # fmt: skip
    return 200, {"Code": "OK", "BizId": f"biz-{len(carrier.taken)}"}


def _tencent(carrier: Carrier, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, object]:
    from datetime import UTC, datetime

    headers, data = request.headers, json.loads(body)
    day = f"{datetime.fromtimestamp(int(headers['X-TC-Timestamp']), UTC):%Y-%m-%d}"
    lines = ["POST", "/", "", f"content-type:{headers['Content-Type']}", f"host:{headers['Host']}", ""]
    canonical = "\n".join([*lines, "content-type;host", _sha(body)])
    key = f"TC3{SECRET}".encode()
    for piece in (day, "sms", "tc3_request"):
        key = hmac.new(key, piece.encode(), "sha256").digest()
    to_sign = f"TC3-HMAC-SHA256\n{headers['X-TC-Timestamp']}\n{day}/sms/tc3_request\n{_sha(canonical.encode())}"
    if hmac.new(key, to_sign.encode(), "sha256").hexdigest() != headers["Authorization"].rpartition("=")[2]:
        carrier.refused.append(headers["Authorization"])
        return 200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}
    action = headers["X-TC-Action"]
    if action == "SendSms":
        [number] = data["PhoneNumberSet"]
        if code := carrier.codes.get(number):
            return 200, {"Response": {"SendStatusSet": [{"Code": code}]}}
        carrier.taken.append({
            "number": number, "reference": data["SessionContext"], "sign": data["SignName"],
            "template": data["TemplateId"], "values": data["TemplateParamSet"], "app": data["SmsSdkAppId"],
        })  # fmt: skip
        return 200, {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": f"serial-{len(carrier.taken)}"}]}}
    if action == "PullSmsReplyStatus":
        reply = {"PhoneNumber": "+8613800138000", "ReplyContent": "好的", "ReplyTime": 1772416800}
        return 200, {"Response": {"PullSmsReplyStatusSet": [reply]}}
    rows = [
        {"SessionContext": t["reference"], "PhoneNumber": t["number"], "ReportStatus": t["status"],
         "Description": "用户短信接收失败", "UserReceiveTime": 1772416805}
        for t in carrier.taken if "status" in t
    ]  # fmt: skip
    return 200, {"Response": {"PullSmsSendStatusSet": rows}}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Centre:
    """A short message centre: what it took, and what it gives out to whoever binds to receive."""

    port: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    to_give: list[bytes] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    drops_after_taking: bool = False
    status: int = 0


_BIND = {0x01, 0x02, 0x09}


@contextmanager
def message_centre() -> Iterator[Centre]:
    """An SMSC on this machine that speaks the few PDUs of SMPP 3.4 that are needed."""
    centre = Centre()
    listener = socket.create_server(("127.0.0.1", 0))
    centre.port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_speak, args=(centre, line), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield centre
    finally:
        listener.close()


def _speak(centre: Centre, line: socket.socket) -> None:
    with line:
        while (pdu := _read_pdu(line)) is not None:
            command, sequence, body = pdu
            if command in _BIND:
                given_out = centre.to_give if command != 0x02 else []
                # At once: what came a second after the welcome would be found the next time.
                line.sendall(
                    _pdu(command | 0x80000000, sequence, b"centre\0")
                    + b"".join(_pdu(0x05, 1000 + number, waiting) for number, waiting in enumerate(given_out, start=1))
                )
            elif command == 0x04:
                (centre.refused if centre.status else centre.taken).append(_submitted(body))
                if centre.drops_after_taking:
                    return
                line.sendall(_pdu(0x80000004, sequence, f"m{len(centre.taken)}\0".encode(), centre.status))
            elif command == 0x80000005:
                centre.confirmed.append(sequence)
            elif command == 0x06:
                line.sendall(_pdu(0x80000006, sequence, b""))
                return


def _read_pdu(line: socket.socket) -> tuple[int, int, bytes] | None:
    head = _exactly(line, 16)
    if head is None:
        return None
    length, command, _, sequence = struct.unpack(">IIII", head)
    body = _exactly(line, length - 16)
    return None if body is None else (command, sequence, body)


def _exactly(line: socket.socket, wanted: int) -> bytes | None:
    found = b""
    while len(found) < wanted:
        try:
            piece = line.recv(wanted - len(found))
        except OSError:
            return None
        if not piece:
            return None
        found += piece
    return found


def _pdu(command: int, sequence: int, body: bytes, status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def _submitted(body: bytes) -> dict[str, Any]:
    """source, destination, esm_class, coding and the octets of a submit_sm."""
    texts, rest = [], body
    for skip in (0, 2, 2):
        text, _, rest = rest[skip:].partition(b"\0")
        texts.append(text.decode())
    esm_class = rest[0]
    rest = rest[3:].partition(b"\0")[2].partition(b"\0")[2]
    coding, length = rest[2], rest[4]
    return {"from": texts[1], "to": texts[2], "esm_class": esm_class, "coding": coding, "octets": rest[5 : 5 + length]}


def delivered(source: str, text: bytes, *, is_receipt: bool = False, coding: int = 0) -> bytes:
    """The body of a deliver_sm."""
    address = b"\x01\x01" + source.encode() + b"\0" + b"\x00\x01" + b"10690\0"
    return (
        b"\0"
        + address
        + bytes([0x04 if is_receipt else 0, 0, 0])
        + b"\0\0"
        + bytes([0, 0, coding, 0, len(text)])
        + text
    )
