"""Everything declared to Dagster, and nothing else: assets, IO managers, jobs, schedules, sensors and resources."""
