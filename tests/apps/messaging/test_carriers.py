"""Carriers of text messages: signed as their documents say, asked instead of sent to twice, told of receipts once."""

import json
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from amends.apps.deferred.models import Job
from amends.apps.messaging import tasks
from amends.apps.messaging.models import InboundText, OptOut, OutboxMessage
from amends.apps.messaging.providers import sms_provider
from amends.apps.messaging.providers.aliyun import acs3_authorization
from amends.apps.messaging.providers.aliyun import receipts_pushed as aliyun_receipts
from amends.apps.messaging.providers.base import AddressRefused, MaybeSent, NotTaken, Receipt, TextRefused
from amends.apps.messaging.providers.tencent import tc3_authorization
from amends.apps.messaging.receipts import note_receipt
from amends.apps.messaging.texting import Length, length_of, opts_out, signed, when_awake
from tests.carriers import SECRET, cloud, delivered, message_centre
from tests.patience import eventually

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
State = OutboxMessage.State
VETTED = json.dumps({"ids": {"aliyun": "SMS_1", "tencent": "11"}, "values": [["number", "KS1"], ["hotline", "95"]]})


@pytest.fixture
def now(monkeypatch):
    moment = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment["now"])
    return moment


def text(**values) -> OutboxMessage:
    kept = {
        "case_key": "c", "message": "told", "channel": "sms", "address": "13800138000", "language": "zh-hans",
        "body": "【建材客服】您的来件KS1已受理，热线95", "vetted": VETTED, "created_at": NOW,
        "message_id": f"id-{OutboxMessage.objects.count()}@example",
    }  # fmt: skip
    return OutboxMessage.objects.create(**{**kept, **values})


def send(entry: OutboxMessage) -> OutboxMessage:
    tasks.send_message({"outbox": entry.pk})
    return OutboxMessage.objects.get(pk=entry.pk)


@pytest.fixture
def aliyun(settings):
    with cloud("aliyun") as carrier:
        settings.OUTBOUND_PRIVATE = [carrier.netloc]
        settings.SMS_URL = f"aliyun://key:{SECRET}@{carrier.netloc}"
        yield carrier


@pytest.fixture
def tencent(settings):
    with cloud("tencent") as carrier:
        settings.OUTBOUND_PRIVATE = [carrier.netloc]
        settings.SMS_URL = f"tencent://key:{SECRET}@{carrier.netloc}?app=1400"
        yield carrier


@pytest.fixture
def centre(settings):
    with message_centre() as found:
        settings.OUTBOUND_PRIVATE = [f"127.0.0.1:{found.port}"]
        settings.SMS_URL = f"smpp://system:password@127.0.0.1:{found.port}?source=10690&sign=建材客服"
        yield found


def test_alibaba_s_signature_is_the_one_of_its_document():
    """help.aliyun.com, "V3版本请求体&签名机制", the example with fixed parameters (RunInstances)."""
    found = acs3_authorization(
        method="POST",
        query={"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        headers={
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        },
        payload=b"",
        key="YourAccessKeyId",
        secret="YourAccessKeySecret",
    )

    assert found == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencent_s_signature_is_the_one_of_its_document():
    """cloud.tencent.com, "签名方法 v3", the example DescribeInstances of 2019-02-25."""
    payload = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    found = tc3_authorization(
        service="cvm", host="cvm.tencentcloudapi.com", payload=payload.encode(), timestamp=1551113065,
        key="AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", secret="Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    )  # fmt: skip

    assert found == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


@pytest.mark.django_db
def test_alibaba_takes_a_vetted_template_with_what_fills_it_and_tells_what_became_of_it(aliyun, now):
    entry = send(text())

    assert aliyun.taken == [{
        "number": "13800138000", "reference": entry.message_id, "sign": "建材客服", "template": "SMS_1",
        "values": {"number": "KS1", "hotline": "95"},
    }]  # fmt: skip
    assert (entry.state, entry.provider, entry.provider_id, entry.parts) == (State.SENT, "aliyun", "biz-1", 1)
    aliyun.taken[0]["status"] = 3
    tasks.collect_texts({})
    tasks.collect_texts({})
    entry.refresh_from_db()
    assert (entry.receipt, entry.receipt_at) == ("delivered", datetime(2026, 3, 2, 2, 0, 5, tzinfo=UTC))


@pytest.mark.django_db
def test_a_text_whose_answer_was_lost_is_looked_up_and_never_sent_twice(aliyun, now):
    fates = iter(["take and drop", "answer"])
    aliyun.plan = lambda action: next(fates)
    entry = text()

    with pytest.raises(MaybeSent):
        send(entry)
    assert OutboxMessage.objects.get().state == State.UNKNOWN
    assert send(entry).state == State.SENT
    assert len(aliyun.taken) == 1


@pytest.mark.django_db
def test_a_text_that_the_carrier_never_lists_is_sent_again_once_its_list_is_complete(aliyun, now):
    fates = iter(["drop", *["answer"] * 9])
    aliyun.plan = lambda action: next(fates)
    entry = text()
    with pytest.raises(MaybeSent):
        send(entry)

    assert send(entry).state == State.UNKNOWN
    again = Job.objects.get(kind="send_message")
    assert again.run_at == NOW + timedelta(minutes=10)
    now["now"] = again.run_at
    assert send(entry).state == State.SENT
    assert len(aliyun.taken) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "error", "state"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", NotTaken, State.WAITING),
        ("isv.MOBILE_NUMBER_ILLEGAL", AddressRefused, State.FAILED),
        ("isv.SMS_TEMPLATE_ILLEGAL", TextRefused, State.FAILED),
    ],
)
def test_what_alibaba_refuses_is_tried_again_only_where_it_may_help(aliyun, now, code, error, state):
    aliyun.codes["13800138000"] = code

    with pytest.raises(error):
        send(text())

    found = OutboxMessage.objects.get()
    assert (found.state, code in found.error) == (state, True)


@pytest.mark.django_db
def test_a_wrong_secret_is_refused_by_the_carrier(aliyun, settings, now):
    settings.SMS_URL = settings.SMS_URL.replace(SECRET, "another")

    with pytest.raises(TextRefused, match="SignatureDoesNotMatch"):
        send(text())

    assert (len(aliyun.refused), aliyun.taken) == (1, [])


@pytest.mark.django_db
def test_a_text_without_a_vetted_template_does_not_leave_by_a_carrier_that_wants_one(aliyun, now):
    with pytest.raises(TextRefused, match="no vetted template"):
        send(text(vetted=""))


@pytest.mark.django_db
def test_tencent_takes_values_in_order_and_gives_receipts_and_answers_out(tencent, now):
    entry = send(text())

    [taken] = tencent.taken
    assert taken["number"] == "+8613800138000"
    assert (taken["values"], taken["template"], taken["app"]) == (["KS1", "95"], "11", "1400")
    taken["status"] = "FAIL"
    tasks.collect_texts({})
    tasks.collect_texts({})
    entry.refresh_from_db()
    assert (entry.state, entry.receipt, entry.error) == (State.SENT, "failed", "用户短信接收失败")
    [answer] = InboundText.objects.all()
    assert (answer.number, answer.text) == ("13800138000", "好的")


@pytest.mark.django_db
def test_tencent_can_not_tell_of_a_text_without_receipt_so_a_person_decides(tencent, now):
    tencent.plan = lambda action: "take and drop" if action == "SendSms" else "answer"
    entry = text()
    with pytest.raises(MaybeSent):
        send(entry)

    assert send(entry).state == State.UNKNOWN
    now["now"] += timedelta(days=4)
    assert send(entry).state == State.UNKNOWN
    tencent.taken[0]["status"] = "SUCCESS"
    tasks.collect_texts({})
    entry.refresh_from_db()
    assert (entry.state, entry.receipt) == (State.SENT, "delivered")


@pytest.mark.django_db
def test_a_message_centre_gets_a_long_text_as_linked_parts_with_the_signature(centre, now):
    body = "您的来件" + "已受理" * 30

    entry = send(text(body=body))

    assert entry.provider_id == "m2"
    assert [part["to"] for part in centre.taken] == ["8613800138000"] * 2
    assert {part["esm_class"] & 0x40 for part in centre.taken} == {0x40}
    assert "".join(part["octets"][6:].decode("utf-16-be") for part in centre.taken) == f"【建材客服】{body}"
    assert send(text(body="Your case KS1")).state == State.WAITING  # one a minute to a number


@pytest.mark.django_db
def test_a_message_centre_gives_receipts_and_answers_once_and_hears_that_they_are_kept(centre, now):
    entry = send(text())
    centre.to_give = [
        delivered("8613800138000", b"id:m1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:x", is_receipt=True),
        delivered("8613800138000", "还没有修好".encode("utf-16-be"), coding=8),
        delivered("8613800138001", b"T"),
    ]

    tasks.collect_texts({})
    tasks.collect_texts({})

    entry.refresh_from_db()
    assert entry.receipt == "delivered"
    assert list(InboundText.objects.order_by("pk").values_list("number", "text", "state")) == [
        ("13800138000", "还没有修好", "new"),
        ("13800138001", "T", "opted_out"),
    ]
    assert OptOut.objects.get().number == "13800138001"
    eventually(lambda: len(centre.confirmed) == 6)


@pytest.mark.django_db
def test_a_message_centre_that_breaks_off_leaves_the_text_unknown(centre, now):
    centre.drops_after_taking = True
    entry = text()

    with pytest.raises(MaybeSent):
        send(entry)
    assert send(entry).state == State.UNKNOWN
    assert len(centre.taken) == 1


@pytest.mark.django_db
def test_a_text_that_was_refused_six_times_counts_as_failed(aliyun, now):
    aliyun.plan = lambda action: "busy"
    entry = text()
    for _ in range(6):
        with pytest.raises(NotTaken):
            send(entry)
        now["now"] += timedelta(hours=5)

    entry.refresh_from_db()
    assert (entry.state, entry.attempts, entry.error) == (State.FAILED, 6, "NotTaken 503")


@pytest.mark.django_db
def test_the_same_receipt_twice_changes_nothing_and_one_for_nobody_neither(now):
    entry = text(state=State.SENT)
    pushed = [{
        "phone_number": "13800138000", "success": True, "report_time": "2026-03-02 10:00:05", "out_id": entry.message_id,
    }]  # fmt: skip

    noted = [note_receipt(receipt) for receipt in [*aliyun_receipts(pushed, NOW), *aliyun_receipts(pushed, NOW)]]

    assert noted == [True, False]
    assert not note_receipt(Receipt("", "13800138000", True, NOW))


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("a" * 160, Length("GSM-7", 160, 1)),
        ("a" * 161, Length("GSM-7", 161, 2)),
        ("€" * 80, Length("GSM-7", 160, 1)),
        ("a" * 307, Length("GSM-7", 307, 3)),
        ("好" * 70, Length("UCS-2", 70, 1)),
        ("好" * 71, Length("UCS-2", 71, 2)),
        ("好" * 134, Length("UCS-2", 134, 2)),
        ("好" * 135, Length("UCS-2", 135, 3)),
        ("😀" * 35, Length("UCS-2", 70, 1)),
    ],
)
def test_a_text_is_counted_as_carriers_bill_it(words, length):
    assert length_of(words) == length


@pytest.mark.parametrize(
    ("said", "is_out"),
    [
        ("T", True),
        (" td。", True),
        ("退订", True),
        ("【退订】", True),
        ("ＴＤ", True),
        ("不退订", False),
        ("Test", False),
        ("", False),
    ],
)
def test_only_the_usual_words_alone_opt_out(said, is_out):
    assert opts_out(said) is is_out


def test_a_signature_stands_in_front_once():
    assert signed("您好", "客服") == "【客服】您好"
    assert signed("【建材】您好", "客服") == "【建材】您好"
    assert signed("您好", "") == "您好"


@pytest.mark.parametrize(
    ("local", "leaves"),
    [
        ("20:59", "20:59"),
        ("21:00", "08:00+1"),
        ("23:30", "08:00+1"),
        ("00:10", "08:00"),
        ("07:59", "08:00"),
        ("08:00", "08:00"),
    ],
)
def test_quiet_hours_run_over_midnight(local, leaves):
    zone = ZoneInfo("Asia/Shanghai")
    day = datetime(2026, 3, 2, tzinfo=zone)
    moment = datetime.combine(day, time.fromisoformat(local), tzinfo=zone)

    found = when_awake(moment, begins=time(21), ends=time(8), zone=zone)

    clock, _, later = leaves.partition("+")
    assert found == datetime.combine(day + timedelta(days=int(later or 0)), time.fromisoformat(clock), tzinfo=zone)


def test_an_unknown_carrier_is_named(settings):
    settings.SMS_URL = "pigeon://x"

    with pytest.raises(ValueError, match="pigeon"):
        sms_provider()
