"""What goes through the pipes between the service and its reading program: lengths, then bytes."""

from __future__ import annotations

import struct
from typing import Final

REQUEST: Final = struct.Struct("!II")
"""Lengths of the name and of the document that follow."""
ANSWER: Final = struct.Struct("!I")
"""Length of the reading that follows, which is JSON."""
