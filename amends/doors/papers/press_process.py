"""The program behind `press`: sheets as JSON on standard input, PDFs behind their lengths on standard output."""

import json
import resource
import struct
import sys

import typst

MOST_SECONDS = 120
MOST_MEMORY = 2 * 1024**3


def main(template: str, fonts: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    for data in json.load(sys.stdin.buffer):
        made = typst.compile(
            template, font_paths=[fonts], ignore_system_fonts=True, pdf_standards=["a-2b"],
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )  # fmt: skip
        sys.stdout.buffer.write(struct.pack(">Q", len(made)) + made)


if __name__ == "__main__":
    main(*sys.argv[1:])
