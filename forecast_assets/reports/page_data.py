"""Data that the page carries: JSON, compressed, as text that no name in it can break.

The script of the page reads it back (`page_data.js`). Not here: its content (`chart_series.py`, `sku_facts.py`).
"""

import base64
import gzip
import json


def packed(data: dict) -> str:
    """Return data as base64 of compressed JSON; the same data gives the same text.

    The series and reasons of 2,000 SKUs are 15 MB of JSON and 2 MB packed.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode("ascii")
