"""Training of a market as a job of its own: started and waited for by a step, run on another machine."""
