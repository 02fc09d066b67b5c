"""How large a file may be. Whatever passes one of these is refused before anything is stored."""

from __future__ import annotations

from typing import Final

FILE_BYTES_MAX: Final = 64 * 2**20
INFLATED_BYTES_MAX: Final = 512 * 2**20
"""All parts of a workbook together, unpacked."""
ARCHIVE_PARTS_MAX: Final = 1_000
ROWS_MAX: Final = 200_000
"""Rows of a file, the heading and empty ones included."""
COLUMNS_MAX: Final = 200
CELLS_MAX: Final = 8_000_000
"""Rows times columns of the used part of a sheet, and cells written in a workbook."""
CELL_CHARS_MAX: Final = 4_000
LIST_ITEMS_MAX: Final = 100
"""Entries in one cell; what a field itself allows may be less."""
ERRORS_KEPT_MAX: Final = 10_000
"""Errors of one import that are kept one by one; all are counted."""
ROW_ERRORS_MAX: Final = 10
"""Errors of one row."""
