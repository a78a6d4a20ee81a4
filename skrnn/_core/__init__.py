"""The mathematics: NumPy and SciPy only, no scikit-learn, no estimators."""
