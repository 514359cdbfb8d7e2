#!/usr/bin/env bash
# What the tests of the playground drive it with: Chromium with its driver and nginx from the system, and axe, which judges whether
# everyone can use a page, out of a wheel of PyPI (into .build/browser).
set -euo pipefail
scripts=$(dirname "$(realpath "$0")")
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

"$scripts/install-system-packages.sh" browser
fetch_from_pypi "$(realpath -ms --relative-base=. "$scripts/../.build/browser/axe.min.js")" \
    dcb58787f63d8908b82413b54099aa4a832e618432b33b8b1e11a9c43cf93ad5 \
    --package axe-selenium-python --version 2.1.6 \
    --wheel-sha256 21d10014c0bc3c999c1bfab54b9ef6a5d67f200ffca3db3629e0b315b3f1f136 --wheel-bytes 86872 \
    --member axe_selenium_python/node_modules/axe-core/axe.min.js
