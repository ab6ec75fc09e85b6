"""核对档案包：文件是否被改动，事件链是否完整。只用 Python 3 自带的库，不联网。

用法：在解压后的文件夹中运行  python3 核对/核对.py
"""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
GENESIS = "0" * 64


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def wrong_files(folder):
    """清单中缺少或内容不符的文件。"""
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        wanted, name = line.split("  ", 1)
        file = folder / name
        if not file.is_file():
            yield name + "：缺少"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
            yield name + "：内容已改动"


def wrong_events(chain, events):
    """对不上前后顺序或自身内容的事件。"""
    before = GENESIS
    for number, event in enumerate(events, start=1):
        if event["seq"] != number or event["prev_hash"] != before:
            yield f"第 {number} 条事件：前后不相连"
        if "payload" in event:
            parts = (
                "amends-event-1",
                chain["key"],
                event["seq"],
                event["prev_hash"],
                event["kind"],
                event["at"],
                event["recorded_at"],
                event["actor"],
                event["payload"],
            )
            if digest("\n".join(str(part) for part in parts)) != event["hash"]:
                yield f"第 {number} 条事件：内容与哈希不符"
        before = event["hash"]
    if (len(events), before) != (chain["head_seq"], chain["head_hash"]):
        yield "事件链的末尾与登记的不符"


def wrong_checkpoint(chain, events, checkpoint):
    """存证点是否列有本案的事件链，其文本是否与哈希相符。"""
    heads = {key: (seq, listed) for key, seq, listed in json.loads(checkpoint["heads"])}
    seq, listed = heads.get(chain["key"], (0, ""))
    if not seq or len(events) < seq or events[seq - 1]["hash"] != listed:
        yield f"存证点第 {checkpoint['n']} 号与事件链不符"
    parts = (
        "amends-checkpoint-1",
        checkpoint["n"],
        checkpoint["at"],
        checkpoint["count"],
        digest(checkpoint["heads"]),
        checkpoint["prev_hash"],
        checkpoint["key_id"],
    )
    text = "\n".join(str(part) for part in parts)
    if digest(text) != checkpoint["hash"] or text != (HERE / "存证点.txt").read_text(encoding="utf-8"):
        yield f"存证点第 {checkpoint['n']} 号的文本与哈希不符"


def main():
    chain = json.loads((HERE / "事件链.json").read_text(encoding="utf-8"))
    events = [json.loads(line) for line in (HERE / "事件.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [*wrong_files(HERE.parent), *wrong_events(chain, events)]
    sealed = 0
    if (HERE / "存证点.json").exists():
        checkpoint = json.loads((HERE / "存证点.json").read_text(encoding="utf-8"))
        found += wrong_checkpoint(chain, events, checkpoint)
        sealed = chain["listed_seq"]
    hidden = sum("payload" not in event for event in events)
    print(f"事件 {len(events)} 条，其中 {hidden} 条按权限只附哈希；前 {sealed} 条已进入签名的存证点。")
    print("\n".join(found) if found else "核对无误。存证点的签名请按《说明》用 openssl 核对。")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
