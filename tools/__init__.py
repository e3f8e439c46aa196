"""Tools for those who change the code; nothing of the product imports them."""
