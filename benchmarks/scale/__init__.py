"""The platform measured as it grows: ``make bench-platform`` writes ``benchmarks/PLATFORM.md``."""
