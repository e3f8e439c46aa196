"""Features of a market at an origin, one module per family; ``build.py`` combines them."""
