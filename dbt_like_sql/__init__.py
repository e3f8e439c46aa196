"""The SQL that shapes source tables: staging/ casts and deduplicates, marts/ makes tables, tests/ return no row."""
