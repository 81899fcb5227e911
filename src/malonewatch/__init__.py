"""Watch bugs in other people's bug trackers."""
