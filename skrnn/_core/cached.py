"""A property that is computed once."""


class cached_property:
    """`functools.cached_property` as it is from Python 3.12 on: without a lock.

    The one of Python 3.11 has a lock for all objects of a class while it computes. A process that
    is forked meanwhile by another thread would wait for it for ever. What is computed twice by two
    threads is the same here.
    """

    def __init__(self, compute):
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        value = vars(instance)[self.name] = self.compute(instance)
        return value
