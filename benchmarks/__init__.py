"""Measurements, as ratios within one run where possible; never part of the tests.

``python -m benchmarks`` runs all of them, prints a table and writes
``RESULTS.md`` and ``results.json`` beside this file.
"""
