"""Learning models of a market: training, predictions, refits at earlier origins and storage as texts."""
