"""Reading files for the import: encodings, shapes of rows, times. No database."""

import codecs
import gzip
from datetime import UTC, datetime

import pytest
import xlsxwriter

from amends.jobs.imports.encodings import UNREADABLE, ImportRefused, encoding_of
from amends.jobs.imports.mapping import Mapping, read_mapping
from amends.jobs.imports.rows import BadRow, RowReader
from amends.jobs.imports.tables import open_table

TEXT = "编号,事由\r\n1,快件“破损”\r\n2,价格\r\n"
ENCODINGS = {
    "utf-8": TEXT.encode("utf-8"),
    "utf-8-sig": codecs.BOM_UTF8 + TEXT.encode("utf-8"),
    "gb18030": TEXT.encode("gb18030"),
    "utf-16": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "utf-16 big": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
}


def written(tmp_path, content, name="old.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def cells(path, **options):
    return [row.cells for row in open_table(path, **options).rows()]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_is_recognised(tmp_path, encoding):
    table = open_table(written(tmp_path, ENCODINGS[encoding]))

    assert table.encoding == encoding.split()[0]
    assert table.header == ["编号", "事由"]
    assert [row.cells for row in table.rows()] == [["1", "快件“破损”"], ["2", "价格"]]


def test_windows_1252_is_never_guessed_but_can_be_named(tmp_path):
    path = written(tmp_path, "no,subject\n1,café — “déjà vu”\n2,Größe\n".encode("cp1252"))

    assert cells(path, encoding="cp1252") == [["1", "café — “déjà vu”"], ["2", "Größe"]]


def test_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(ImportRefused, match="--encoding"):
        encoding_of(written(tmp_path, b"a,b\n" + b"\xff\xfe\xff,\xff\n" * 9))


def test_utf_16_without_a_mark_is_refused(tmp_path):
    with pytest.raises(ImportRefused, match="UTF-16"):
        encoding_of(written(tmp_path, "a,b\n1,2\n".encode("utf-16-le")))


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(ImportRefused, match="klingon"):
        open_table(written(tmp_path, b"a\n1\n"), encoding="klingon")


def test_one_broken_line_does_not_change_the_encoding(tmp_path):
    lines = [f"{number},第{number}件".encode() for number in range(20)]
    lines[7] = b"7,\xff\xfe"
    table = open_table(written(tmp_path, "编号,事由\n".encode() + b"\n".join(lines)))

    assert table.encoding == "utf-8"
    assert [row.line for row in table.rows() if any(UNREADABLE in cell for cell in row.cells)] == [9]


def test_a_packed_file_is_read_like_any_other(tmp_path):
    assert cells(written(tmp_path, gzip.compress(TEXT.encode()), "old.csv.gz")) == [["1", "快件“破损”"], ["2", "价格"]]


def test_a_row_is_named_by_the_line_where_it_begins(tmp_path):
    content = b'no,text\n1,"first\nsecond"\n\n2,plain\n'

    assert [(row.line, row.cells[0]) for row in open_table(written(tmp_path, content)).rows()] == [(2, "1"), (5, "2")]


def test_a_quote_that_is_never_closed_names_its_line(tmp_path):
    content = b'no,text\n1,fine\n2,"open' + b"x" * 1_100_000
    with pytest.raises(ImportRefused, match="3"):
        cells(written(tmp_path, content))


@pytest.mark.parametrize(("content", "said"), [(b"", "空"), (b"a,a\n1,2\n", "重复")])
def test_a_header_that_can_not_be_used_is_refused(tmp_path, content, said):
    with pytest.raises(ImportRefused, match=said):
        open_table(written(tmp_path, content))


def test_a_workbook_is_read_as_one_would_type_it(tmp_path):
    path = tmp_path / "old.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, ["编号", "日", "时间", "数"])
        sheet.write(1, 0, 482027)
        sheet.write_datetime(1, 1, datetime(2020, 6, 8), day)  # noqa: DTZ001 - a workbook knows no zones
        sheet.write_datetime(1, 2, datetime(2020, 6, 8, 9, 30), moment)  # noqa: DTZ001
        sheet.write(1, 3, 1.5)
        sheet.write(3, 0, "0012")

    table = open_table(path)

    assert table.header == ["编号", "日", "时间", "数"]
    assert [(row.line, row.cells) for row in table.rows()] == [
        (2, ["482027", "2020-06-08", "2020-06-08 09:30:00", "1.5"]),
        (4, ["0012", "", "", ""]),
    ]


def test_what_is_no_workbook_is_refused(tmp_path):
    with pytest.raises(ImportRefused):
        open_table(written(tmp_path, b"not a workbook", "old.xlsx"))


# Rows

MAPPING = {
    "source": "old",
    "desk": "express",
    "zone": "America/New_York",
    "kind": "complaint",
    "channel": {"column": "way", "values": {"Phone": "telephone"}},
    "state": "archived",
    "number": "no",
    "opened_at": {"column": "opened", "format": ["%m/%d/%Y %H:%M", "%m/%d/%Y"]},
    "closed_at": "closed",
    "fields": {"subject": {"columns": ["what", "where"], "join": " / ", "empty": "N/A"}},
}
HEADER = ["no", "way", "opened", "closed", "what", "where"]


def read(*row, **changes):
    return RowReader(Mapping.model_validate({**MAPPING, **changes}), HEADER).old_case(list(row))


def test_a_row_becomes_an_old_case():
    old = read("7", "Phone", "03/05/2021 14:30", "2021-03-06T09:00:00Z", "noise", "N/A")

    assert (old.number, old.kind, old.channel, old.state) == ("7", "complaint", "telephone", "archived")
    assert old.opened_at == datetime(2021, 3, 5, 19, 30, tzinfo=UTC)
    assert old.closed_at == datetime(2021, 3, 6, 9, 0, tzinfo=UTC)
    assert (old.whole_days, dict(old.data)) == (False, {"subject": "noise"})


def test_a_day_begins_at_midnight_of_the_zone_and_is_marked():
    old = read("7", "Phone", "03/05/2021", "", "noise", "hall")

    assert (old.opened_at, old.closed_at, old.whole_days) == (datetime(2021, 3, 5, 5, 0, tzinfo=UTC), None, True)


def faults(*row, **changes):
    with pytest.raises(BadRow) as bad:
        read(*row, **changes)
    return bad.value.faults


@pytest.mark.parametrize(
    "local",
    ["03/14/2021 02:30", "11/07/2021 01:30"],
    ids=["does not exist", "exists twice"],
)
def test_a_local_time_that_is_not_one_moment_is_listed(local):
    assert faults("7", "Phone", local, "", "noise", "") == [
        ("opened_at", f"“{local}”在当地不存在或出现两次（夏令时切换）。")
    ]


def test_every_fault_of_a_row_is_named():
    assert [field for field, _ in faults("", "Pigeon", "soon", "later", "noise", "")] == [
        "channel",
        "opened_at",
        "closed_at",
        "number",
    ]


def test_a_row_of_another_shape_is_listed():
    assert faults("7", "Phone") == [("", "应有 6 列，这一行有 2 列。")]
    assert faults("7", "Phone", "03/05/2021", "", "a", "b", "too much") == [("", "应有 6 列，这一行有 7 列。")]


def test_bytes_that_mean_nothing_are_listed_at_their_column():
    assert faults("7", "Phone", "03/05/2021", "", f"a{UNREADABLE}", "b") == [
        ("what", "其中有不能按文件编码读取的字节。")
    ]


# Mappings


def test_a_column_without_a_place_is_named_and_so_is_a_missing_one():
    mapping = Mapping.model_validate(MAPPING)

    assert mapping.problems_with([*HEADER[:-1], "mood"]) == [
        "文件中没有“where”这一列。",
        "“mood”这一列没有去处；不需要的列请写在 ignore 中。",
    ]


def test_a_mapping_that_can_not_be_read_says_where(tmp_path):
    path = written(tmp_path, b"source: Old System\ndesk: express\nzone: Mars/Base\n", "mapping.yaml")

    with pytest.raises(ImportRefused) as refused:
        read_mapping(path)

    said = str(refused.value)
    assert all(f"{path}: {key}: " in said for key in ("source", "zone", "kind", "fields"))
