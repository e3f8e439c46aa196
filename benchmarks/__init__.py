"""Accuracy and speed against other libraries. Run by hand, never imported by the product."""
