"""The chat in the browser: `from ui.server import serve`. Importing this package switches telemetry off first."""

from __future__ import annotations

import os

# Gradio and huggingface_hub read these when they are imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
