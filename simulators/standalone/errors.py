"""The one failure that a simulator explains to whoever started it."""


class StartError(Exception):
    """The simulator cannot start or go on; the message is one sentence for people."""
