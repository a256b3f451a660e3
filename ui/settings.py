"""How components and events of the page are set, alike on all its sides."""

from __future__ import annotations

from typing import Any

# Text arrives inert from `render`; nothing is left for Gradio's own conversions.
PLAIN: dict[str, Any] = {"latex_delimiters": [], "line_breaks": False}
HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**HIDDEN, "queue": False}
