"""What goes through the pipes between the service and its reading program: lengths, then bytes."""

from __future__ import annotations

import struct
from typing import Final

REQUEST: Final = struct.Struct("!III")
"""Lengths of the name, the charset as the sender states it (0: not stated) and the document that follow."""
ANSWER: Final = struct.Struct("!I")
"""Length of the reading that follows, which is JSON."""
