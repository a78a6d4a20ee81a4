"""Use the installed skrnn, and look into what was built. To be run outside of the checkout."""

import sys
import tarfile
import tempfile
import time
import zipfile
from importlib import metadata
from pathlib import Path

import joblib

import skrnn
from skrnn.datasets import load_surnames

SHIPPED = ["skrnn/py.typed", "skrnn/datasets/data/pronunciations.tsv.gz"]
NOTICES = ["LICENSE", *(f"skrnn/datasets/data/{name}.txt" for name in ("surnames", "sunspots"))]
NOTICES += [f"skrnn/datasets/data/{name}.txt" for name in ("airline", "pronunciations")]


def names_in(file):
    """Return the names in a wheel or an sdist."""
    if file.suffix == ".whl":
        return zipfile.ZipFile(file).namelist()
    return tarfile.open(file).getnames()


def check_files(files):
    """Assert that the files hold what they must, and that the wheel holds nothing else."""
    for file in files:
        names = names_in(file)
        for wanted in SHIPPED + NOTICES:
            assert any(name.endswith(wanted) for name in names), f"{file.name} lacks {wanted}"
        if file.suffix == ".whl":
            tops = {name.split("/")[0] for name in names}
            info = f"skrnn-{skrnn.__version__}.dist-info"
            assert tops == {"skrnn", info}, f"{file.name} also holds {tops}"
            licences = {n.removeprefix(f"{info}/licenses/") for n in names if "/licenses/" in n}
            assert licences == set(NOTICES), licences


def use():
    """Fit, predict, save and load a network on data that come with the package."""
    names, languages = load_surnames(subset="test", return_X_y=True)
    ids = skrnn.TokenEncoder(analyzer="char").fit_transform(names[:300])
    model = skrnn.RNNClassifier(hidden_size=8, learning_rate="cosine", max_iter=2, random_state=0)
    model.fit(ids, languages[:300])
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, f"{folder}/model.joblib")
        loaded = joblib.load(f"{folder}/model.joblib")
    assert (loaded.predict_proba(ids) == model.predict_proba(ids)).all()
    return model.score(ids, languages[:300])


def main(paths):
    """Check what was built, and use what was installed."""
    start, home = time.perf_counter(), Path(skrnn.__file__).parent
    assert "site-packages" in home.parts, f"skrnn was imported from {home}"
    assert metadata.version("skrnn") == skrnn.__version__
    check_files([Path(path) for path in paths])
    accuracy = use()
    took = time.perf_counter() - start
    print(f"skrnn {skrnn.__version__} from {home}: used in {took:.1f} s, accuracy {accuracy:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
