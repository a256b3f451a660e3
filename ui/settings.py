"""How components and events of the page are set, alike on all its sides."""

from __future__ import annotations

from typing import Any

# Text arrives inert from `render`; nothing is left for Gradio's own conversions.
PLAIN: dict[str, Any] = {"latex_delimiters": [], "line_breaks": False}
HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**HIDDEN, "queue": False}
# States that hold much are let go so many seconds after they have changed last: no connection tells whether their tab
# is still open, see `server.py`. What is asked next must not change by that, so that the others stay.
HEAVY: dict[str, Any] = {"time_to_live": 24 * 3600.0}
