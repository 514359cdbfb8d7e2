"""Drives the tabs of the playground in a headless Chromium, against a server that runs.

    drive.py ADDRESS OUTPUT [TAB ...]

Each module of the folder `tabs`, or of the one that TABS names, has a function `drive(browser)`, which uses the tab as a
person does and raises Wrong when the page does not show what it should. Without a name all are driven. What is wrong is
printed; the exit code is 1 then. Pictures are left in OUTPUT. axe is run where AXE names its source.
"""

import importlib
import os
import pkgutil
import sys
import time

from browser import Browser, Wrong, axe_source, end, say

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    address, output, *names = sys.argv[1:]
    package = os.environ.get("TABS", "tabs")
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), package)
    names = names or sorted(module.name for module in pkgutil.iter_modules([folder]))
    problems = []
    with Browser(address, output, axe_source()) as browser:
        for name in names:
            start = time.monotonic()
            try:
                importlib.import_module(f"{package}.{name}").drive(browser)
                browser.logs()
                problems += browser.problems
                say(f"{name}: {'ok' if not browser.problems else 'wrong'}, {time.monotonic() - start:.1f} s")
            except Wrong as wrong:
                browser.shot(f"{name}-wrong")
                browser.logs()
                problems += [f"{name}: {wrong}"] + browser.problems
                say(f"{name}: wrong")
            browser.problems = []
    end(problems)


if __name__ == "__main__":
    main()
