"""The entry point of `rfmae`: an interruption while modules load is one line, too."""

import sys


def main() -> None:
    """Load the commands and run the one that was called."""
    try:
        from rfmae_cli.app import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted while starting; nothing was begun\n")
        sys.exit(130)
