"""Every "no" of the product: a code for programs, a sentence for people, and what is missing.

Sentences are written in Chinese and are the keys of the translation catalogue; doors translate them and fill in the
parameters. A parameter that is a `Title` is shown in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Refusal(Exception):
    """Base of every refusal. `status` is the HTTP status that doors answer with."""

    code = "refused"
    status = 409
    sentence = "现在不能这样做。"

    def __init__(self, sentence: str | None = None, /, **params: Any) -> None:
        self.sentence = sentence or self.sentence
        self.params = params
        super().__init__(self.code)


class NotPermitted(Refusal):
    """The case is visible, but this verb is not for this person."""

    code = "not_permitted"
    status = 403
    sentence = "您没有“%(verb)s”的权限。"


class NotVisible(Refusal):
    """Outside what one may see, or not there: told apart by nobody."""

    code = "not_found"
    status = 404
    sentence = "没有找到这个个案。"


class WrongState(Refusal):
    """The state does not allow the verb, or something must happen first; `missing` names it."""

    code = "wrong_state"
    status = 409
    sentence = "还不能%(verb)s：缺少“%(missing)s”。"

    def __init__(self, sentence: str | None = None, /, *, missing: Iterable[Any] = (), **params: Any) -> None:
        super().__init__(sentence, **params)
        self.missing = tuple(missing)


class Stale(Refusal):
    """Somebody else acted since the page was opened."""

    code = "stale"
    status = 409
    sentence = "在您填写期间，这个个案已被他人更新。请核对最新内容后再提交，您填写的内容已保留。"


class AlreadyDecided(Refusal):
    """A decision counts once."""

    code = "already_decided"
    status = 409
    sentence = "这一步已有决定，不能再次作出。"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `pointer` is a JSON pointer into the data that was sent."""

    pointer: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return FIELD_SENTENCES[self.code]


def in_pointer(name: object) -> str:
    """A name as it stands in a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


class InvalidData(Refusal):
    """What was entered can not be taken as it is; every fault is listed, at its field."""

    code = "invalid"
    status = 422
    sentence = "有 %(count)s 处需要修改。"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(count=len(self.errors))


FIELD_SENTENCES = {
    "required": "请填写“%(field)s”。",
    "unknown_field": "没有“%(name)s”这一项，请去掉。",
    "wrong_type": "“%(field)s”的格式不对。",
    "too_long": "“%(field)s”最多 %(limit)s 个字，现在有 %(length)s 个。",
    "control_character": "“%(field)s”中含有不可见的控制字符（%(character)s，第 %(position)s 个字符），请删除后再提交。",
    "unknown_choice": "“%(field)s”没有“%(value)s”这个选项。",
    "bad_phone": "“%(field)s”不是有效的电话号码，例如 13800138000 或 010-86922900。",
    "bad_email": "“%(field)s”不是有效的电子邮箱，例如 zhang@example.com。",
    "bad_id_number": "“%(field)s”不是有效的身份证号码。",
    "bad_url": "“%(field)s”不是有效的网址，请以 http:// 或 https:// 开头。",
    "bad_number": "“%(field)s”请填写整数。",
    "too_small": "“%(field)s”不能小于 %(limit)s。",
    "too_large": "“%(field)s”不能大于 %(limit)s。",
    "bad_money": "“%(field)s”请填写金额，最多两位小数，例如 120.50。",
    "bad_currency": "“%(field)s”的币种应为 %(currency)s。",
    "bad_date": "“%(field)s”不是有效的日期，例如 2026-03-05。",
    "bad_datetime": "“%(field)s”不是有效的时间，例如 2026-03-05T14:30+08:00。",
    "no_offset": "“%(field)s”缺少时区，例如 2026-03-05T14:30+08:00。",
    "no_such_local_time": "“%(field)s”所填的时间在当地不存在或出现两次（夏令时切换），请改填前后的时间。",
    "in_future": "“%(field)s”不能晚于现在。",
    "closed_before_opened": "结案时间早于收到时间。",
    "in_past": "“%(field)s”不能早于现在。",
    "bad_format": "“%(field)s”的格式不对。",
    "too_few_rows": "“%(field)s”至少需要 %(limit)s 行。",
    "too_many_rows": "“%(field)s”最多 %(limit)s 行。",
    "one_for_each": "“%(field)s”须逐条对应“%(other)s”：应为 %(expected)s 条，现在 %(given)s 条。",
    "reason_needed": "改为与系统建议不同的选择，请在“%(field)s”写明理由。",
    "not_asked": "按现在的情况不需要填写“%(field)s”，请清空。",
    "no_such_person": "“%(field)s”所选的人不存在或已停用。",
    "no_such_department": "“%(field)s”所选的部门不存在。",
    "not_a_member": "所选的人不在“%(department)s”。",
    "absent": "所选的人目前不在岗，不能承办；请改选他人或其代理人%(deputy)s。",
    "accused": "被投诉的人不能办理自己的个案，请另选他人。",
    "head_only": "这一级别须由部门负责人亲自处理；如需例外，请填写“%(field)s”。",
    "no_head": "“%(department)s”没有在岗的负责人，请先指定负责人或另选部门。",
    "no_open_item": "没有第 %(number)s 项，或者它已经完成。",
    "bad_file": "“%(field)s”中有不存在或不属于您的文件，请重新上传。",
    "no_such_case": "没有编号为“%(value)s”的个案。",
    "right_needed": "填写“%(field)s”需要相应权限。",
    "unknown_filter": "没有“%(name)s”这个筛选条件；可用的有：%(allowed)s。",
    "bad_filter_value": "筛选条件“%(name)s”的值“%(value)s”无效。",
    "unknown_sort": "不能按“%(name)s”排序；可用的有：%(allowed)s。",
    "bad_page_size": "每页条数应在 1 到 %(limit)s 之间。",
    "bad_cursor": "翻页位置无效，请从第一页重新开始。",
}
"""Field error codes and their sentences: the closed list that both pages and API answer with."""
