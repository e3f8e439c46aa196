"""Assets, one file per stage of the business. They are captions; the work is done in ``domain``."""
