"""Chats as programs export them: who said what, whatever the program wrote around it."""

from __future__ import annotations

import pytest

from amends.core.transcripts import Said, read_transcript


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("客户：到货时间？\n客服：为您查询。", [Said("客户", "", "到货时间？"), Said("客服", "", "为您查询。")]),
        (
            "2026-03-02 09:01:12 顾晓彤：面板破了\n六块\n2026-03-02 09:02:00 客服小王：收到",
            [Said("顾晓彤", "2026-03-02 09:01:12", "面板破了\n六块"), Said("客服小王", "2026-03-02 09:02:00", "收到")],
        ),
        (
            "会话编号 8817\n\n顾晓彤 2026/3/2 9:01:12\n面板破了\n\n客服小王 2026/3/2 9:02:00\n收到",
            [Said("顾晓彤", "2026/3/2 9:01:12", "面板破了"), Said("客服小王", "2026/3/2 9:02:00", "收到")],
        ),
        ("[09:01] Anna: broken\n[09:02] Ben: sorry", [Said("Anna", "09:01", "broken"), Said("Ben", "09:02", "sorry")]),
        ("小王(09:01)：您好", [Said("小王", "09:01", "您好")]),
        ("09:01 小王\n您好", [Said("小王", "09:01", "您好")]),
        ("客户：见 https://example.com/a:b", [Said("客户", "", "见 https://example.com/a:b")]),
        ("https://example.com/1", []),
        ("面板破了六块，请处理。", []),
        ("10:30", []),
        ("客户：\n客服：", []),
        ("", []),
    ],
)
def test_what_was_said_is_read_out_of_the_copy(text, said):
    assert read_transcript(text) == said
