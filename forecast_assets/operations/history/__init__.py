"""History of the store: passports, replays and pruning of versions."""
