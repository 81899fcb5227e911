"""The exit codes of both scripts."""

#: A bug tracker could not be asked.
EXIT_TROUBLE = 1
#: What was given cannot be used.
EXIT_USAGE = 2
#: Another run is at work.
EXIT_LOCKED = 3
#: The database cannot be used.
EXIT_DATABASE = 4
#: Interrupted, with what was fetched saved.
EXIT_INTERRUPTED = 5
#: There is what was to be none: links, or bugs that moved.
EXIT_FOUND = 6
#: A fault in malonewatch.
EXIT_FAULT = 70
