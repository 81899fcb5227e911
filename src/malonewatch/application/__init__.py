"""What people can do: a function for each thing.

Plain values go in and come out, nothing is printed, and no transaction is open
while the network is waited for.  The functions take an open `IDatabase`; the
command line is one face of them.

What is refused is refused whole: where one of several things that were given
cannot be used, nothing is changed, and `malonewatch.interfaces.Refused` has a
sentence for each that is to blame.
"""
