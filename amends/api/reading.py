"""Reading JSON strictly: what two parsers could read differently is refused before anything looks at it."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict

from amends.core.refusals import Refusal

LARGEST_BODY = 1024 * 1024
DEEPEST = 32
LARGEST_NUMBER = 2**53


class Unreadable(Refusal):
    """The body is not JSON that can be read in one way only."""

    code = "unreadable"
    status = 400
    sentence = "请求内容不是有效的 JSON：%(why)s。"


class TooLarge(Refusal):
    code = "too_large"
    status = 413
    sentence = "请求内容超过 1 MB，请把文件作为材料单独上传。"


class WrongMediaType(Refusal):
    code = "unsupported_media_type"
    status = 415
    sentence = "请以 application/json 发送请求内容。"


def read_files(request: HttpRequest) -> MultiValueDict[str, UploadedFile]:
    """The files of a multipart body. Raises Unreadable or TooLarge for one that can not be taken apart."""
    try:
        return request.FILES
    except (TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig) as error:
        raise TooLarge("请求中的文件或字段过多，请分几次提交。") from error
    except MultiPartParserError as error:
        raise Unreadable("请求内容不是有效的 multipart/form-data。") from error


def read_json(request: HttpRequest) -> Any:
    """The body of a request. Raises WrongMediaType, TooLarge or Unreadable."""
    if request.content_type != "application/json":
        raise WrongMediaType
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY or len(request.body) > LARGEST_BODY:
        raise TooLarge
    try:
        text = request.body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        why = error.args[0] if isinstance(error, _Repeated | _NotANumber) else "语法有误"
        raise Unreadable(why=why) from error
    _check(value, 1)
    return value


class _Repeated(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Repeated("同一个键出现了两次")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise _NotANumber("其中有 NaN 或 Infinity，不是数字")


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise Unreadable("请求内容不是有效的 JSON：嵌套超过 %(deepest)s 层。", deepest=DEEPEST)
    if isinstance(value, dict):
        for part in value.values():
            _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)
