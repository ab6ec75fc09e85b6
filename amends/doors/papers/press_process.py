"""The program behind `press`: what to set as JSON on standard input, PDFs and pictures behind their lengths on standard output."""

import json
import resource
import struct
import sys

import typst

MOST_SECONDS = 120
MOST_MEMORY = 2 * 1024**3
DOTS_PER_INCH = 220


def main(templates: str, fonts: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    for work in json.load(sys.stdin.buffer):
        made = pressed(
            f"{templates}/{work['template']}", fonts, work["format"], json.dumps(work["data"], ensure_ascii=False)
        )
        sys.stdout.buffer.write(struct.pack(">Q", len(made)) + made)


def pressed(template: str, fonts: str, form: str, data: str) -> bytes:
    inputs = {"data": data}
    if form == "png":
        made: bytes = typst.compile(
            template, font_paths=[fonts], ignore_system_fonts=True, format="png", ppi=DOTS_PER_INCH, sys_inputs=inputs
        )
        return made
    return typst.compile(
        template, font_paths=[fonts], ignore_system_fonts=True, pdf_standards=["a-2b"], sys_inputs=inputs
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
