"""What a training and a network look like inside."""

from skrnn.inspection._displays import LossCurveDisplay

__all__ = ["LossCurveDisplay"]
