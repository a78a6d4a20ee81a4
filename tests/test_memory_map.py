"""A training set that does not fit into memory is read from a file, page by page."""

import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import resource, sys, warnings
import numpy as np
from skrnn import RNNClassifier

# Of memory that is not pages of a file: the interpreter and the libraries have 150 MB of it.
resource.setrlimit(resource.RLIMIT_DATA, (400 * 10**6,) * 2)
X = np.load(sys.argv[1], mmap_mode="r")
warnings.simplefilter("ignore")
model = RNNClassifier(
    cell_type="rnn", bidirectional=False, hidden_size=2, batch_size=256, max_iter=1, random_state=0
)
model.fit(X, np.arange(len(X)) % 2)
print(model.n_iter_, X.nbytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_training_from_a_file_of_three_times_the_memory(tmp_path):
    # The file has holes, so that it takes no room on the disk.
    path, shape = tmp_path / "X.npy", (9_200, 32, 1024)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    X[::100, :, 0] = 1
    del X
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    n_iter, n_bytes = map(int, done.stdout.split())
    assert n_iter == 1
    assert n_bytes > 3 * 400e6
