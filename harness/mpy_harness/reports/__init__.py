"""What a run or a comparison says: on the terminal, in a pull request, as a page, to other tools."""

from __future__ import annotations
