"""Small real sets that come with the package."""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

from skrnn._compat import StrOptions, validate_params

_FLAGS = {"return_X_y": ["boolean"], "as_frame": ["boolean"]}
_MODULE = "skrnn.datasets"


def _read(name):
    """Return the text of a file that comes with the package."""
    content = files(_MODULE).joinpath("data", name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def _read_pairs(name):
    """Return the two columns of a tab-separated file."""
    rows = (line.split("\t") for line in _read(name).splitlines())
    first, second = zip(*rows, strict=True)
    return list(first), list(second)


def _answer(name, data, target, return_X_y, **more):
    """Return what scikit-learn's loaders return; `more` are further entries of the Bunch."""
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, DESCR=_read(f"{name}.txt"), **more)


def _load_series(name, return_X_y, as_frame):
    """Read a series of one column, to be forecast from its own past."""
    (_, column), *rows = (line.split(",") for line in _read(f"{name}.csv").splitlines())
    time, values = zip(*rows, strict=True)
    time, target = np.array(time, np.datetime64), np.array(values, np.float64)
    data, frame = target[:, np.newaxis], None
    if as_frame:
        import pandas as pd

        index = pd.DatetimeIndex(time.astype("datetime64[s]"), name="time")
        data = frame = pd.DataFrame({column: target}, index=index)
        target = data[column]
    more = {"time": time, "frame": frame, "feature_names": [column], "target_names": [column]}
    return _answer(name, data, target, return_X_y, **more)


def _load_pairs(name, columns, data, target, target_names, return_X_y, as_frame):
    """Answer with one text and one target in each row."""
    frame = None
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame(dict(zip(columns, (data, target), strict=True)))
        data, target = frame[columns[:1]], frame[columns[1]]
    more = {"frame": frame, "feature_names": columns[:1], "target_names": target_names}
    return _answer(name, data, target, return_X_y, **more)


@validate_params(_FLAGS)
def load_sunspots(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple:
    """Load the yearly numbers of sunspots, 1700 to 2008 (a series to forecast).

    =================   ====================
    Times                  309, one a year
    Features                             1
    Values                  0.0 to 190.2
    =================   ====================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether to return pandas objects, with the times as their index.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        data : ndarray or DataFrame of shape (309, 1)
            The series as one column.
        target : ndarray or Series of shape (309,)
            The same values: a window of earlier rows predicts them.
        time : ndarray of shape (309,)
            The years, as ``datetime64[Y]``.
        feature_names, target_names : list of str
            Name of the column.
        frame : DataFrame of shape (309, 1) or None
            The series, if `as_frame`.
        DESCR : str
            Description, source and licence.

    (data, target) : tuple if `return_X_y` is True
        The series as a column, and as it is.

    See Also
    --------
    load_airline : A series that grows.
    skrnn.SlidingWindowTransformer : Windows of earlier rows.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SlidingWindowTransformer
    >>> from skrnn.datasets import load_sunspots
    >>> X, y = load_sunspots(return_X_y=True)
    >>> model = make_pipeline(SlidingWindowTransformer(12, horizon=1, output="2d"), Ridge())
    >>> errors = model.fit(X[:221], y[:221]).predict(X)[221:256] - y[221:256]  # 1921 to 1955
    >>> print(f"{(errors**2).mean() / 1535:.2f}")
    0.13
    """
    return _load_series("sunspots", return_X_y, as_frame)


@validate_params(_FLAGS)
def load_airline(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple:
    """Load the monthly numbers of airline passengers, 1949 to 1960 (a series to forecast).

    =================   ====================
    Times                 144, one a month
    Features                             1
    Values                      104 to 622
    =================   ====================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether to return pandas objects, with the times as their index.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        data : ndarray or DataFrame of shape (144, 1)
            The series as one column, in thousands of passengers.
        target : ndarray or Series of shape (144,)
            The same values: a window of earlier rows predicts them.
        time : ndarray of shape (144,)
            The months, as ``datetime64[M]``.
        feature_names, target_names : list of str
            Name of the column.
        frame : DataFrame of shape (144, 1) or None
            The series, if `as_frame`.
        DESCR : str
            Description, source and licence.

    (data, target) : tuple if `return_X_y` is True
        The series as a column, and as it is.

    See Also
    --------
    load_sunspots : A series without a trend.
    skrnn.WindowScaledRegressor : It lets a network forecast levels that it has never seen.

    Examples
    --------
    >>> from skrnn.datasets import load_airline
    >>> load_airline(as_frame=True).frame.head(3)
                passengers
    time
    1949-01-01       112.0
    1949-02-01       118.0
    1949-03-01       132.0
    """
    return _load_series("airline", return_X_y, as_frame)


@validate_params({"subset": [StrOptions({"all", "train", "test"})], **_FLAGS})
def load_surnames(
    *, subset: str = "all", return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple:
    """Load surnames of 18 languages (classification of short texts).

    =================   ====================
    Classes                             18
    Samples total                    18012
    Samples per class           71 to 9340
    Characters                     2 to 20
    =================   ====================

    Parameters
    ----------
    subset : {'all', 'train', 'test'}, default='all'
        Which part to load: 16217 surnames to learn from, 1795 others to test, or the first
        followed by the second. Surnames that several languages share are in one part.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether to return pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        data : list of str, or DataFrame of shape (n_samples, 1)
            The surnames.
        target : ndarray or Series of shape (n_samples,)
            Number of the language of each.
        target_names : ndarray of shape (18,)
            The languages: ``target_names[target]`` are those of the surnames.
        feature_names : list of str
            Name of the column of `data`.
        frame : DataFrame of shape (n_samples, 2) or None
            Surnames and the numbers of their languages, if `as_frame`.
        DESCR : str
            Description, source and licence.

    (data, target) : tuple if `return_X_y` is True
        The surnames and the numbers of their languages.

    See Also
    --------
    skrnn.TokenEncoder : With ``analyzer='char'`` it makes sequences of characters of them.

    Examples
    --------
    >>> from skrnn.datasets import load_surnames
    >>> surnames = load_surnames(subset="test")
    >>> surnames.data[1:4]
    ['Eoghan', 'Baimakoff', 'Mccallum']
    >>> surnames.target_names[surnames.target[1:4]]
    array(['Irish', 'Russian', 'English'], dtype='<U10')
    """
    parts = ["train", "test"] if subset == "all" else [subset]
    columns = [_read_pairs(f"surnames_{part}.tsv.gz") for part in parts]
    languages, data = (sum(column, []) for column in zip(*columns, strict=True))
    names, target = np.unique(languages, return_inverse=True)
    columns = ["surname", "language"]
    return _load_pairs("surnames", columns, data, target, names, return_X_y, as_frame)


@validate_params(_FLAGS)
def load_pronunciations(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple:
    """Load English words and the phones of their pronunciation (translation of sequences).

    =================   ====================
    Samples total                    10000
    Letters                             26
    Phones                              39
    Letters of a word              2 to 20
    Phones of a word               1 to 17
    =================   ====================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether to return pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        data : list of str, or DataFrame of shape (10000, 1)
            The words, in lower case and in random order.
        target : list of list of str, or Series of shape (10000,)
            The phones of each word, as ARPAbet writes them, without stress.
        target_names : ndarray of shape (39,)
            All phones.
        feature_names : list of str
            Name of the column of `data`.
        frame : DataFrame of shape (10000, 2) or None
            Words and lists of phones, if `as_frame`.
        DESCR : str
            Description, source and licence.

    (data, target) : tuple if `return_X_y` is True
        The words and their phones.

    Examples
    --------
    >>> from skrnn.datasets import load_pronunciations
    >>> words, phones = load_pronunciations(return_X_y=True)
    >>> words[4], phones[4]
    ('dioxide', ['D', 'AY', 'AA', 'K', 'S', 'AY', 'D'])
    """
    words, phones = _read_pairs("pronunciations.tsv.gz")
    target = [line.split(" ") for line in phones]
    names = np.unique(np.concatenate(target))
    columns = ["word", "phones"]
    return _load_pairs("pronunciations", columns, words, target, names, return_X_y, as_frame)
