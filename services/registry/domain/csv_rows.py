"""Persons as rows of a CSV file (RFC 4180, one row a line), and the JSON line each stands for."""

import csv
from typing import Any

CSV_COLUMNS = (
    "idcs",
    "cnie",
    "residence_permit",
    "given_ar",
    "family_ar",
    "given_latin",
    "family_latin",
    "sex",
    "birth_date",
    "birth_commune",
    "nationality",
    "phones",
    "commune",
    "status",
)
CSV_HEADER = ",".join(CSV_COLUMNS).encode()
PHONE_SEPARATOR = " "
_NAMES = frozenset({"given_ar", "family_ar", "given_latin", "family_latin"})


class RowMalformedError(ValueError):
    """A row is no CSV, or has not one cell for each column."""


def row_document(row: str) -> dict[str, Any]:
    """Return the JSON line that a row stands for; an empty cell is null.

    Raises:
        RowMalformedError: It is no CSV, or has not one cell for each column.
    """
    cells = row.rstrip("\r").split(",") if '"' not in row else _quoted_cells(row)
    if len(cells) != len(CSV_COLUMNS):
        message = "A row needs one cell for each column."
        raise RowMalformedError(message)
    values: dict[str, Any] = {
        column: cell or None for column, cell in zip(CSV_COLUMNS, cells, strict=True)
    }
    phones = values["phones"]
    document = {column: value for column, value in values.items() if column not in _NAMES}
    document["name_ar"] = {"given": values["given_ar"], "family": values["family_ar"]}
    document["name_latin"] = {"given": values["given_latin"], "family": values["family_latin"]}
    document["phones"] = [] if phones is None else phones.split(PHONE_SEPARATOR)
    return document


def _quoted_cells(row: str) -> list[str]:
    """Return the cells of a row that quotes some; a line break inside a cell is not taken."""
    try:
        (cells,) = csv.reader([row], strict=True)
    except (csv.Error, ValueError) as error:
        message = "A row is not written as RFC 4180 says."
        raise RowMalformedError(message) from error
    return cells
