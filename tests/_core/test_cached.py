"""A property that is computed once, and holds up nobody meanwhile."""

from threading import Event, Thread

from skrnn._core.cached import cached_property


class Square:
    """Computes when it may."""

    def __init__(self, side):
        self.side, self.may, self.n_computed = side, Event(), 0

    @cached_property
    def area(self):
        """Area of the square."""
        assert self.may.wait(60)
        self.n_computed += 1
        return self.side**2


def test_it_is_computed_once_and_for_each_object():
    squares = [Square(2), Square(3)]
    for square in squares:
        square.may.set()
    assert [square.area for square in squares] * 2 == [4, 9, 4, 9]
    assert [square.n_computed for square in squares] == [1, 1]
    assert Square.area.__doc__ == "Area of the square."


def test_an_object_does_not_wait_for_another():
    slow, quick = Square(2), Square(3)
    thread = Thread(target=lambda: slow.area, daemon=True)
    thread.start()
    quick.may.set()
    assert quick.area == 9
    slow.may.set()
    thread.join(60)
    assert slow.area == 4
