"""The metadata is in pyproject.toml; this is for what still looks for a setup.py."""

from setuptools import setup

setup()
