"""The closed vocabulary of verbs: what people and timers can do to a case or a proceeding.

A pack chooses among them and says when, who, with which form and what follows; it can not invent one.
`moves` are stages of the way; `asides` leave the state alone unless the pack says otherwise.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb with its words: what the button says and what the timeline says happened."""

    id: str
    button: str
    happened: str
    is_move: bool = True


_TABLE = """
register|登记|登记了个案|move
take_over|接管历史个案|接管了历史个案|move
accept|受理|受理了投诉|move
decline|不予受理|决定不予受理|move
confirm|确认投诉内容|确认了投诉内容|move
judge|判断是否成立|判断了投诉是否成立|move
grade|定级|确定了级别|move
review|审阅|完成了审阅|move
dispatch|派单|派单到责任部门|move
sign_in|签收|签收了派单|move
return|退回|退回了派单|move
reassign|改派|改派了处理人|aside
arbitrate|裁定去向|裁定了由谁承办|move
investigate|开始调查|开始了调查|move
conclude|提交调查结论|提交了调查结论|move
propose|提交处理方案|提交了处理方案|move
approve|批准|批准了|move
disapprove|不批准|没有批准|move
send_back|退回修改|退回了，要求修改|move
tell|告知客户|把结果告知了客户|move
agree|客户接受|客户接受了结果|move
refuse|客户不接受|客户不接受结果|move
carry_out|完成实施|完成了方案的实施|move
complete_measure|完成一项措施|完成了一项措施|aside
answer|直接答复|直接答复了客户|move
follow_up|回访|完成了回访|move
close|结案|办结了个案|move
archive|归档|把档案归档|move
reopen|重新受理|重新打开了个案|move
withdraw|撤诉|客户撤回了投诉|move
mark_duplicate|标为重复|标为重复投诉|move
transfer|移交外部|移交给外部机构|move
correct|更正分类|更正了分类|aside
mark_urgent|标为紧急|标为紧急投诉|aside
clear_urgent|取消紧急|取消了紧急标记|aside
contact|记录联系|记录了与客户的联系|aside
write|给客户发消息|给客户发了消息|aside
promise|承诺答复时间|承诺了答复时间|aside
ask|发出协查|向部门发出了协查|aside
reply|答复协查|答复了协查|aside
urge|催办|催办了责任部门|aside
note|添加备注|添加了备注|aside
add_evidence|补充材料|补充了材料|aside
add_information|补充情况|客户补充了情况|aside
raise_question|提问|客户提出了问题|aside
supersede_evidence|更换材料版本|提交了材料的新版本|aside
link|关联个案|关联了个案|aside
convert|转为投诉|把反馈转为投诉|aside
extract|摘录为反馈|从记录中摘录了一段反馈|aside
pause|暂停计时|暂停了计时|aside
resume|恢复计时|恢复了计时|aside
acknowledge|确认收悉|确认了收悉|aside
rate|评价|客户作出了评价|aside
invite|邀请评价|邀请了客户评价|aside
no_answer|客户未答复|记录了客户未答复|move
escalate|申请升级|申请了升级|aside
extend|申请延期|申请了延期|aside
request_help|请求协助|请求其他部门协助|aside
request_relief|请求支援|请求了支援，交由他人接手|aside
clarify|复述核实|向客户复述并核实了理解|aside
choose_solution|客户选定方案|客户选定了方案|aside
turn_down_solution|客户不接受此方案|客户没有接受所提的方案|aside
record_exception|记录例外|记录了例外决定|aside
compensate|申请补偿|提出了补偿申请|aside
pay|登记付款|登记了付款|aside
receipt|客户签收|客户签收了|aside
attribute|认定责任|认定了责任|aside
object|提出异议|提出了异议|aside
mediate|调解|完成了调解|aside
rule|裁决|作出了裁决|aside
schedule|安排|作出了安排|aside
meet|召开会议|召开了会议|aside
report|提交报告|提交了报告|aside
improve|提出整改|提出了整改措施|aside
verify|验证效果|验证了效果|aside
assess|评估|作出了评估|aside
note_proceeding|记录专项程序|专项程序有了进展|aside
visit|现场服务|完成了现场服务|aside
ask_service|登记服务需求|登记了服务需求|aside
apply|提出请示|提出了请示|aside
depart|出发|出发前往现场|aside
arrive|到场|到达了现场|aside
keep_log|写日志|写了工作日志|aside
leave|离场|离开了现场|aside
ask_return|申请返回|申请返回公司|aside
go_back|返回公司|返回了公司|aside
demand|记录额外要求|记录了额外要求|aside
vouch|确认属实|确认了所报内容属实|aside
tally|登记台账|登记了台账|aside
draw_up|起草报告|起草了报告|aside
redraw|重新取数|重新取了报告的数据|aside
write_up|撰写报告|撰写了报告|aside
release|发布报告|发布了报告|aside
move_version|改用另一版制度|改用了另一版制度|aside
"""

VERBS: dict[str, Verb] = {
    fields[0]: Verb(id=fields[0], button=fields[1], happened=fields[2], is_move=fields[3] == "move")
    for fields in (line.split("|") for line in _TABLE.split("\n") if line)
}

MOVE_VERSION = "move_version"
"""The verb by which an administrator moves a case to another version of its policy."""

PACK_VERBS = tuple(verb for verb in VERBS if verb != MOVE_VERSION)
"""The verbs that a pack may use: all but the administrative ones, which no policy gives or takes."""

EXITS = frozenset({"withdraw", "mark_duplicate", "transfer", "decline", "convert", "no_answer", "reopen", "take_over"})
"""Ways out that are never proposed as a stage somebody forgot."""

FOR_MANY = ("reassign", "urge", "note", "mark_urgent", "clear_urgent", "archive")
"""Verbs that say the same of every case, so that they can be done to several at once, each on its own."""

TAKE_OVER = "take_over"
"""The verb by which a case of another system comes in as it was, without any stage being invented."""

NOTE_PROCEEDING = "note_proceeding"
"""What a case records when one of its proceedings began, ended or told it something; nobody performs it."""

SPOKEN_BY_CUSTOMER = frozenset(
    {
        "register",
        "agree",
        "refuse",
        "rate",
        "add_information",
        "raise_question",
        "withdraw",
        "receipt",
        "object",
        "reopen",
        "choose_solution",
        "turn_down_solution",
    }
)
"""Verbs that carry the customer's own word, also where staff take it down."""
