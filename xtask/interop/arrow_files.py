"""Compares Parquet files, as pyarrow and DuckDB read them, with the raw JSON of the same records, cell by cell.

`arrow_files.py FOLDER`: each NAME.parquet in it has a NAME.jsonl beside it, with the records in the same order. What a cell has to
be is computed from the JSON and the type that the column's metadata names, by Python's own types.
"""

import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import pyarrow
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)
TIMES = {"glide_date_time", "due_date", "glide_duration", "timer"}
INTEGERS = {"integer", "longint", "long"}
DECIMALS = {"decimal", "float", "percent_complete"}


def sent(record, column):
    """The text that the service sent for a column; None for an empty one."""
    field, part = column, "value"
    for ending in ("display_value", "link"):
        if column.endswith("." + ending):
            field, part = column[: -len(ending) - 1], ending
    value = record[field]
    if isinstance(value, dict):
        value = value.get(part)
    elif part != "value":
        value = None
    return value or None


def expected(kind, text):
    """The value of a text, in a form that both libraries can be asked for."""
    if text is None:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    if kind in INTEGERS:
        return int(text)
    if kind in TIMES:
        return (datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") - EPOCH) // MICROSECOND
    if kind == "glide_date":
        return datetime.date.fromisoformat(text)
    if kind in DECIMALS:
        return decimal.Decimal(text)
    return text


def of_pyarrow(file, kinds):
    """Columns as pyarrow reads them. Times become microseconds, which have no range of their own."""
    table = pyarrow.parquet.read_table(file)
    columns = {}
    for name, kind in kinds.items():
        column = table.column(name)
        if kind in TIMES:
            is_span = kind in ("glide_duration", "timer")
            wanted = pyarrow.duration("us") if is_span else pyarrow.timestamp("us", tz="UTC")
            assert column.type == wanted, f"{name} is {column.type}"
            column = column.cast(pyarrow.int64())
        elif pyarrow.types.is_dictionary(column.type):
            column = column.cast(pyarrow.string())
        columns[name] = column.to_pylist()
    return columns


def of_duckdb(file, kinds):
    """Columns as DuckDB reads them, which knows no type of Parquet for durations."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    types = dict(database.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{file}')").fetchall())
    terms = []
    for name, kind in kinds.items():
        quoted = f'"{name}"'
        if kind in ("glide_duration", "timer"):
            assert types[name] == "BIGINT", f"{name} is {types[name]}"
        elif kind in TIMES:
            assert types[name] == "TIMESTAMP WITH TIME ZONE", f"{name} is {types[name]}"
            quoted = f"epoch_us({quoted})"
        elif kind in DECIMALS:
            assert types[name].startswith("DECIMAL"), f"{name} is {types[name]}"
        terms.append(quoted)
    rows = database.execute(f"SELECT {', '.join(terms)} FROM '{file}'").fetchall()
    return {name: [row[at] for row in rows] for at, name in enumerate(kinds)}


def main():
    checked = same = 0
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.parquet")):
        schema = pyarrow.parquet.read_schema(file)
        base = {field.name: field.metadata[b"servicenow.type"].decode() for field in schema}
        # Names and links are texts, whatever their field is.
        kinds = {name: "string" if name.endswith((".display_value", ".link")) else kind for name, kind in base.items()}
        with open(file.with_suffix(".jsonl"), encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        for library, read in (("pyarrow", of_pyarrow), ("duckdb", of_duckdb)):
            columns, cells, wrong = read(file, kinds), 0, 0
            for name, kind in kinds.items():
                found = columns[name]
                assert len(found) == len(records), f"{file.name}: {len(found)} of {len(records)} records"
                for value, record in zip(found, records):
                    cells += 1
                    if value != expected(kind, sent(record, name)) or isinstance(value, bool) != (
                        kind == "boolean" and value is not None
                    ):
                        wrong += 1
                        if wrong <= 5:
                            print(f"{file.name}: {library} says {value!r} of {name} in {record}", file=sys.stderr)
            print(f"{file.name} in {library}: {cells - wrong}/{cells} cells")
            checked += cells
            same += cells - wrong
    versions = f"pyarrow {pyarrow.__version__}, duckdb {duckdb.__version__}"
    print(f"{versions}: {same}/{checked}")
    sys.exit(0 if same == checked else 1)


main()
