"""Reads a rendered page back with the standard library's HTML parser: tables, scripts, links, open elements."""

import base64
import gzip
import json
from html.parser import HTMLParser

VOID_ELEMENTS = {"meta", "input", "br", "link", "img", "hr"}


class PageReader(HTMLParser):
    """Collects each table's rows of cell texts, script contents, addresses, and checks that elements are balanced."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.open_elements, self.scripts, self.tables, self.addresses = [], [], [], []
        self.texts, self.elements, self.captions = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self.addresses += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag not in VOID_ELEMENTS:
            self.open_elements.append(tag)
        if tag == "script":
            self.scripts.append((attributes, ""))
        elif tag == "table":
            self.tables.append([])
            self.captions.append("")
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open_elements.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open_elements and self.open_elements[-1] == "script":
            attributes, text = self.scripts.pop()
            self.scripts.append((attributes, text + data))
        elif {"td", "th"} & set(self.open_elements):
            self.tables[-1][-1][-1] += data
        elif "caption" in self.open_elements:
            self.captions[-1] += data
        self.texts.append(data)

    @property
    def packed(self) -> str:
        """The embedded data as it stands in the page."""
        return next(text for attributes, text in self.scripts if attributes.get("id") == "report-data")

    @property
    def data(self) -> dict:
        return json.loads(gzip.decompress(base64.b64decode(self.packed, validate=True)))

    def table_with(self, heading: str) -> list[list[str]]:
        tables = [table for table in self.tables if any(heading in cell for cell in table[0])]
        return [[" ".join(cell.split()) for cell in row] for row in tables[0]]

    def rows_under(self, caption: str) -> list[list[str]]:
        """Rows of the accuracy table whose caption begins so, without its two rows of heads."""
        (table,) = [rows for rows, title in zip(self.tables, self.captions, strict=True) if title.startswith(caption)]
        return [[" ".join(cell.split()) for cell in row] for row in table[2:]]
