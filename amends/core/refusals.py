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
    sentence = "在您填写期间，这项内容已被他人更新。请核对最新内容后再提交，您填写的内容已保留。"


class MovedByOneself(Stale):
    """The only one who acted since the page was opened is who sends it: in another window, or on a telephone."""

    sentence = (
        "打开这张表单以后，您自己在别的窗口或设备上已更新过这项内容。请核对最新内容后再提交，您填写的内容已保留。"
    )


class MovedByItself(Stale):
    """Nobody acted since the page was opened; a rule of the policy did."""

    sentence = "在您填写期间，系统已按规定更新这项内容。请核对最新内容后再提交，您填写的内容已保留。"


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
        return FIELD_SENTENCES[_how_it_is_asked_for(self.params) if self.code == "required" else self.code]


def not_given(pointer: str, title: Any, *, way: str = "") -> FieldError:
    """That an answer is missing; `way` says how it is given (CHOSEN, UPLOADED, SIGNED), else it is filled in."""
    return FieldError(pointer, "required", {"field": title, **({"way": way} if way else {})})


def _how_it_is_asked_for(params: Mapping[str, Any]) -> str:
    return ONE_IS_ENOUGH if "other" in params else params.get("way", "required")


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


ONE_IS_ENOUGH = "one_is_enough"
"""What is said of a missing field where another one would do as well. Programs read `required` all the same."""

CHOSEN, UPLOADED, SIGNED = "required_choice", "required_file", "required_signature"
"""How an answer is given that is not written. Programs read `required` all the same."""

FIELD_SENTENCES = {
    "required": "请填写“%(field)s”。",
    CHOSEN: "请选择“%(field)s”。",
    UPLOADED: "请上传“%(field)s”。",
    SIGNED: "请在“%(field)s”处签名。",
    ONE_IS_ENOUGH: "“%(field)s”和“%(other)s”请至少填写一项。",
    "unanswered": "请作答。",
    "unknown_field": "没有“%(name)s”这一项，请去掉。",
    "nothing_answered": "请至少回答一题。",
    "too_many_lines": "一次最多 %(limit)s 行，现在有 %(count)s 行，请分几次提交。",
    "bad_line": "第 %(line)s 行：%(why)s",
    "too_few_parts": "缺少%(missing)s。每行三列，依次为%(place)s、日期、%(unit)s，以逗号或制表符隔开。",
    "too_many_parts": "有 %(count)s 列。每行三列，依次为%(place)s、日期、%(unit)s；数字里请不要写千位分隔符。",
    "wrong_type": "“%(field)s”的格式不对。",
    "too_long": "“%(field)s”最多 %(limit)s 个字，现在有 %(length)s 个。",
    "control_character": "“%(field)s”中含有不可见的控制字符（%(character)s，第 %(position)s 个字符），请删除后再提交。",
    "unknown_choice": "“%(field)s”没有“%(value)s”这个选项。",
    "bad_phone": "“%(field)s”不是有效的电话号码，例如 13800138000 或 010-86922900。",
    "bad_email": "“%(field)s”不是有效的电子邮箱，例如 zhang@example.com。",
    "bad_id_number": "“%(field)s”不是有效的身份证号码。",
    "bad_url": "“%(field)s”不是有效的网址，请以 http:// 或 https:// 开头。",
    "bad_host": "“%(value)s”不是有效的网站地址，请填写域名，例如 www.example.com。",
    "bad_number": "“%(field)s”请填写整数。",
    "wrong_digits": "“%(field)s”请填写 %(length)s 位数字，开头的 0 也要填写。",
    "bad_decimal": "“%(field)s”请填写数字，最多四位小数，例如 3.6。",
    "too_small": "“%(field)s”不能小于 %(limit)s。",
    "too_large": "“%(field)s”不能大于 %(limit)s。",
    "bad_money": "“%(field)s”请填写金额，最多两位小数，例如 120.50。",
    "bad_currency": "“%(field)s”的币种应为 %(currency)s。",
    "bad_month": "“%(field)s”不是有效的月份，例如 2026-03。",
    "month_not_begun": "这个月还没有开始，没有可以考核的数据。",
    "bad_date": "“%(field)s”不是有效的日期，例如 2026-03-05。",
    "bad_datetime": "“%(field)s”不是有效的时间，例如 2026-03-05T14:30+08:00。",
    "no_offset": "“%(field)s”缺少时区，例如 2026-03-05T14:30+08:00。",
    "no_such_local_time": "“%(field)s”所填的时间在当地不存在或出现两次（夏令时切换），请改填前后的时间。",
    "in_future": "“%(field)s”不能晚于现在。",
    "before_other": "“%(field)s”不能早于“%(other)s”。",
    "closed_before_opened": "结案时间早于收到时间。",
    "no_mobile_number": "“%(field)s”不是能接收短信的手机号码，例如 13800138000。",
    "unresolved": "“%(field)s”里还有没有替换的占位符“%(value)s”，请填写实际内容。",
    "no_mobile_on_file": "客户没有留下手机号码，请填写，或改用别的方式。",
    "no_mail_on_file": "客户没有留下邮箱，请填写，或改用别的方式。",
    "takes_no_texts": "这个号码收不到短信（固定电话、服务号码或分机），请填写手机号码，或改用别的方式。",
    "number_opted_out": "这个号码的机主已经退订，不能再给这个号码写短信；请改用邮件，或打电话后记录联系。",
    "text_not_vetted": "短信服务商只发送报备过的模板，“%(title)s”还没有报备；请管理员在“消息文字”中填写模板编号，或改用邮件。",
    "bad_reference": "“%(field)s”只填申请的编号：字母、数字和 - / . _，不写姓名、电话。",
    "confirm_kept": "有 %(count)s 件档案还在公司规定的保管期内；确认可以提前删除的，请勾选。",
    "bracket_left": "“%(field)s”里的“%(value)s”还没有换成实际内容。",
    "quiet_hours": "“%(field)s”在免打扰时段（%(begins)s至%(ends)s），请改到其他时间。",
    "unknown_place": "{{%(name)s}} 不是可用的变量，可用的见输入框下方。",
    "misspelt_place": "{{%(name)s}} 不是可用的变量，是不是 {{%(near)s}}？",
    "place_left_open": "有没写完整的花括号。变量要写成 {{number}} 这样，前后各两个花括号。",
    "condition_out_of_place": "{{if:…}} 和 {{unless:…}} 只能写在邮件正文一行的开头。",
    "place_missing": "这条消息必须保留 {{%(name)s}}，缺了它收信人没法继续办理。",
    "no_signature": "短信须以签名开头，例如【{{desk}}】。",
    "several_signatures": "一条短信只能有一个签名，正文里请不要再用【】。",
    "no_opt_out": "群发短信须写明退订办法，例如“%(example)s”。",
    "avoided_word": "请不要用“%(word)s”。%(instead)s",
    "bad_template_aliyun": "阿里云的模板编号以 SMS_ 开头，后面全是数字，例如 SMS_154950909。",
    "bad_template_tencent": "腾讯云的模板编号全是数字，例如 1110。",
    "template_of_other_text": "模板编号 %(value)s 报备的是现行文字。改了文字须重新报备，请填写新的编号。",
    "template_needed": "现用的短信服务商只发送报备过的模板，请填写审核通过的模板编号。",
    "nothing_new": "和现行的文字一样，没有改动，不用提交。",
    "nobody_to_send_to": "没有可以发送的收信人，请选择分组或联系人。",
    "bad_robot": "“%(field)s”不是这种群机器人的地址，应以 https:// 开头，主机为 %(hosts)s。",
    "in_past": "“%(field)s”不能早于现在。",
    "unencrypted": "密码不能不加密地离开本机，请选择 TLS 或 STARTTLS。",
    "tls_port": "993 是 TLS 的端口：STARTTLS 请填写 143，或将加密方式改为 TLS。",
    "same_folder": "“%(field)s”不能就是收信文件夹，请另选一个。",
    "bad_format": "“%(field)s”的格式不对。",
    "too_few_rows": "“%(field)s”至少需要 %(limit)s 行。",
    "too_many_rows": "“%(field)s”最多 %(limit)s 行。",
    "one_for_each": "“%(field)s”须逐条对应“%(other)s”：应为 %(expected)s 条，现在 %(given)s 条。",
    "not_under": "“%(kind)s”只能从它所属的、尚未结束的事项中发起。",
    "one_signature": "“%(field)s”须有一个签名，也只能有一个。",
    "not_each_once": "“%(field)s”中每个“%(of)s”须出现一次，不能重复或遗漏。",
    "not_as_decided": "“%(field)s”与已批准的不一致，应为 %(expected)s。",
    "wrong_total": "“%(field)s”合计应为 %(expected)s，现在是 %(given)s。",
    "too_few_different": "“%(field)s”至少要有 %(limit)s 个不同的“%(of)s”，现在有 %(given)s 个。",
    "wrong_role": "“%(field)s”所选的人不具备所需的职务。",
    "wrong_partner_kind": "“%(field)s”在合作方名录中的类别与所选类别不符，请核对。",
    "not_among": "“%(field)s”所选的一方还没有经过“%(list)s”，请先办理。",
    "personal_data_left": "%(field)s里还有个人信息，请改写后再提交：%(places)s",
    "handed_in_already": "这一期的“%(kind)s”已经提交（编号 %(number)s），每人每期一份。",
    "stands_already": "这件个案已有同样的“%(kind)s”（编号 %(number)s），不能重复办理。",
    "not_on_case": "“%(kind)s”须在个案中办理。",
    "reason_needed": "改为与系统建议不同的选择，请在“%(field)s”写明理由。",
    "same_grade": "“%(field)s”没有变化，无需重新定级。",
    "not_asked": "按现在的情况不需要填写“%(field)s”，请清空。",
    "no_such_person": "“%(field)s”所选的人不存在或已停用。",
    "no_such_department": "“%(field)s”所选的部门不存在。",
    "not_a_member": "所选的人不在“%(department)s”。",
    "taken": "“%(field)s”已有“%(value)s”，请换一个。",
    "ends_before_start": "“%(field)s”须晚于开始。",
    "announced_too_late": "通知时间不能晚于维护开始的时间。",
    "absence_overlaps": "%(name)s在这段时间里已有登记，请先结束或错开时间。",
    "deputy_is_self": "代理人不能是本人。",
    "deputy_away": "%(name)s在这段时间里也不在岗，请另选代理人。",
    "deputy_not_yours": "%(name)s不在您管理的人员之内，请由本人或其负责人指定。",
    "absent": "所选的人目前不在岗，不能承办；请改选他人或其代理人%(deputy)s。",
    "accused": "被投诉的人不能办理自己的个案，请另选他人。",
    "head_only": "这一级别须由部门负责人亲自处理；如需例外，请填写“%(field)s”。",
    "no_head": "“%(department)s”没有在岗的负责人，请先指定负责人或另选部门。",
    "no_open_item": "没有第 %(number)s 项，或者它已经完成。",
    "left_unanswered": "客户的第 %(number)s 个问题还没有答复。暂不答复的，请填写“%(field)s”。",
    "too_far_ahead": "“%(field)s”不能晚于 %(limit)s 天之后，请承诺切实可行的时间。",
    "bad_signature": "“%(field)s”不是可用的图片（PNG 或 JPG，不超过 2 MB），请在屏幕上重新签名。",
    "bad_file": "“%(field)s”中有不存在或不属于您的文件，请重新上传。",
    "clock_not_running": "“%(clock)s”现在没有到期时间，不能延期。",
    "extensions_used_up": "“%(clock)s”最多延期 %(limit)s 次，已用完。",
    "extension_past_due": "“%(clock)s”已于 %(due)s 到期；延期须在到期之前申请。",
    "extension_not_later": "延期须晚于现在的到期时间 %(due)s。",
    "extension_too_far": "按制度，最晚可延期至 %(limit)s。",
    "phrases_unread": "填入的话术（%(titles)s）请读一遍、按本案改好，再勾选“填入的话术我已读过”。",
    "beyond_authority": "“%(field)s”超出您可以自行决定的范围（最多 %(limit)s 元），请按审批程序申请。",
    "no_app_channel": "这个受理台没有开通移动客户端反馈。",
    "not_taken": "“%(kind)s”不收这一项。",
    "no_speakers": "“%(field)s”里看不出是谁说的。请保留发言人，例如“客户：……”或“客服小王 09:31”。",
    "post_known": "这条帖子已由%(who)s登记过，不必再登记。",
    "no_such_study": "没有编号为“%(value)s”的已发布案例。",
    "no_such_case": "没有编号为“%(value)s”的个案。",
    "right_needed": "填写“%(field)s”需要相应权限。",
    "no_such_record": "“%(field)s”中没有“%(value)s”这条记录。",
    "record_not_open": "“%(value)s”目前为“%(state)s”，不能再选作“%(field)s”。",
    "unknown_filter": "没有“%(name)s”这个筛选条件；可用的有：%(allowed)s。",
    "bad_filter_value": "筛选条件“%(name)s”的值“%(value)s”无效。",
    "period_ends_before_it_starts": "结束日期早于开始日期，请重新选择时间段。",
    "department_not_visible": "没有这个部门，或者您看不到它的个案，请另选部门。",
    "too_many_groups": "一次最多按 %(limit)s 项分组。",
    "period_not_whole": "这份报告按%(every)s编制，时间段要填整%(every)s，例如%(first)s至%(last)s。",
    "document_stands_already": "这个时间段的“%(title)s”已有一份（编号 %(number)s），请在那份报告上重新取数。",
    "period_not_begun": "这段时间还没有开始，没有可以统计的内容。",
    "period_too_long": "一次最多统计十年，请缩短时间段。",
    "unknown_sort": "不能按“%(name)s”排序；可用的有：%(allowed)s。",
    "wrong_password": "密码不对，请重新输入。",
    "wrong_code": "验证码不对。请核对手机时间是否准确，并填写验证器当前显示的 6 位数字。",
    "too_many_views": "最多保存 %(limit)s 个视图，请先删除不用的。",
    "bad_page_size": "每页条数应在 1 到 %(limit)s 之间。",
    "search_over": "搜索词只在本次登录期间保留，请重新输入要找的编号或关键词。",
    "bad_cursor": "翻页位置无效，请从第一页重新开始。",
}
"""Field error codes and their sentences: the closed list that both pages and API answer with."""
