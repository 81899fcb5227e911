"""Finding what may name bugs in source trees.  Pure: no database, no network."""
