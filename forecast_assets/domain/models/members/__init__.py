"""Members of the blend, one file each; the file's name is the member's name (``member_registry.py`` finds it)."""
