"""Base of the errors of configured connections: their message is one line that names what to check."""


class ConnectionFailure(Exception):
    """A configured connection failed; the command line prints the message and exits with code 2."""
