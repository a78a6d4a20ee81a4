"""Programs that measure, each run by itself; tests import some of what they measure with.

As a package of its own it comes before those of this name that others install, as pyarrow 17 does.
"""
