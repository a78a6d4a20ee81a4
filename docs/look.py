"""Open the built site in Chromium, and check what only a browser sees.

    python docs/look.py build/site [pictures]

Needs selenium and a Chromium with its driver. The start page, a page of the API, the gallery and a
search are opened in the width of a desk and of a telephone, light and dark. Whatever is wrong is
printed, and is the exit status: errors of the console, pictures that are missing or say nothing to
those who do not see them, pages that scroll sideways, a search that does not find `SequenceTagger`.
With a second folder, pictures are saved.
"""

import functools
import http.server
import sys
import threading
import time
from itertools import product
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

EXAMPLE = "auto_examples/tag/speech_frames"
PAGES = ["index", "api/RNNClassifier", "auto_examples/index", EXAMPLE, "search"]
WIDTHS = {"desk": 1280, "telephone": 390}
MODES = ["light", "dark"]
BROKEN = "return [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
MUTE = "return [...document.querySelectorAll('article img')].filter(i => !i.alt).map(i => i.src)"
# What the theme lets scroll is the article, not the document.
SIDEWAYS = """return Math.max(...['html', '.bd-article-container', '.bd-sidebar-secondary'].map(
    s => document.querySelector(s)).filter(e => e).map(e => e.scrollWidth - e.clientWidth))"""
SETTLED = "return document.getAnimations().every(a => a.playState != 'running')"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *arguments):
        """Print nothing."""


def serve(folder):
    """Serve a folder on a free port, and return the address."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def browser():
    """Start Chromium without a window or a network."""
    options = webdriver.ChromeOptions()
    for argument in ["headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"]:
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options)


def faults(driver, page):
    """Yield what is wrong with the page that is open."""
    for entry in driver.get_log("browser"):
        if entry["level"] == "SEVERE":
            yield f"console: {entry['message']}"
    yield from (f"missing picture: {url}" for url in driver.execute_script(BROKEN))
    yield from (f"picture without a text: {url}" for url in driver.execute_script(MUTE))
    if (pixels := driver.execute_script(SIDEWAYS)) > 0:
        yield f"scrolls sideways by {pixels} pixels"
    if page == "search" and "SequenceTagger" not in found(driver):
        yield "the search for SequenceTagger does not find it"


def found(driver, seconds=20):
    """Return the text of the results of a search, once there are some."""
    for _ in range(10 * seconds):
        if results := driver.find_elements(By.CSS_SELECTOR, "#search-results li"):
            return " ".join(result.text for result in results)
        time.sleep(0.1)
    return ""


def look(folder, pictures=None):
    """Open all pages in all ways, and return what is wrong."""
    address, driver, wrong = serve(folder), browser(), []
    for page, (width, pixels), mode in product(PAGES, WIDTHS.items(), MODES):
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"features": [{"name": "prefers-color-scheme", "value": mode}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        driver.get(f"{address}/{page}.html" + "?q=SequenceTagger" * (page == "search"))
        wrong += [f"{page}, {width}, {mode}: {fault}" for fault in faults(driver, page)]
        if pictures:
            WebDriverWait(driver, 5).until(lambda driver: driver.execute_script(SETTLED))
            driver.save_screenshot(str(pictures / f"{page.replace('/', '-')}-{width}-{mode}.png"))
    driver.quit()
    return wrong


if __name__ == "__main__":
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    wrong = look(sys.argv[1], pictures)
    print(*wrong or ["nothing is wrong"], sep="\n")
    sys.exit(bool(wrong))
