"""Layout of the sheet in which planners enter their own numbers: written by ``override_sheet``, read by the import."""

SHEET, TOTALS_SHEET, KEY_SHEET = "Overrides", "Totals", "_key"
# Raised if the import could not read workbooks of an earlier layout.
LAYOUT = "1"
SKU, NAME, CATEGORY, LINE, REASON, COMMENT = "SKU", "Name", "Category", "Line", "Reason", "Comment"
# The totals: a row of the market, and one per category.
LEVEL, GROUP, WHOLE_MARKET = "Level", "Group", "ALL"
# Three rows per SKU or group; planners fill the last one.
PUBLISHED, MODEL, YOURS = "Published", "Model", "Yours"
MARKET, ORIGIN_MONTH, CONTENT_HASH, LAYOUT_KEY = "market", "origin_month", "content_hash", "layout"
