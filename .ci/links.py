"""Lead the relative links of README.md to the files of a version: PyPI has none of them.

    python .ci/links.py https://github.com/OWNER/skrnn v0.1.0

The release workflow does so before it builds, in its own checkout.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
PICTURE, LINK = re.compile(r"(!\[[^]]*\]\()(?!https?:)"), re.compile(r"(\]\()(?!https?:|#)")


def absolute(text, repository, version):
    """Return the text with links to files of a version, and to the bytes of pictures."""
    text = PICTURE.sub(rf"\g<1>{repository}/raw/{version}/", text)
    return LINK.sub(rf"\g<1>{repository}/blob/{version}/", text)


if __name__ == "__main__":
    README.write_text(absolute(README.read_text("utf-8"), *sys.argv[1:]), "utf-8")
