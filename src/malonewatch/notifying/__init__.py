"""Telling people: the channels, and what is said.

A channel is a module, which is loaded when something is to go that way.
"""
