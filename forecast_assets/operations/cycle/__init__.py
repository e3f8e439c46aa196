"""Monthly cycles: plan, steps, launches and fallback runs."""
