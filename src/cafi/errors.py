"""The one exception that means: the user can mend this."""


class CafiError(Exception):
    """Bad input or an impossible request, told in one clear sentence.

    The message names the file or option, the problem and the way out. The command line prints
    it and leaves with exit code 2. Every other exception is a fault of our own.
    """
