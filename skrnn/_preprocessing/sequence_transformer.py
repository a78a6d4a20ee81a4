"""What transformers share whose results are sequences."""

from __future__ import annotations

from typing import Self

from sklearn.base import TransformerMixin


class SequenceTransformerMixin(TransformerMixin):
    """scikit-learn's mixin for results that fit no table."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: sequences fit no table, so the result stays an array or a list.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            Ignored.

        Returns
        -------
        self : transformer
            The transformer itself.
        """
        return self
