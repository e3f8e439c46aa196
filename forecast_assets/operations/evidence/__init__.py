"""Evidence of a live instance for the nine principles of MLOps: queries and what they returned, as pages."""
