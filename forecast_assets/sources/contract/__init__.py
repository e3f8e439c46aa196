"""The delivery contract: columns and keys of each source, how cells are read, and the checks on delivered rows."""
