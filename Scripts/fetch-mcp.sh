#!/usr/bin/env bash
# Fetches the reference implementation of the Model Context Protocol from PyPI, one version for each era of the protocol:
# the end-to-end tests run servers made with them.
#
#   Scripts/fetch-mcp.sh      (into .build/mcp; run one as .build/mcp/2.3.0/python FILE.py)
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=Scripts/pypi.sh
. Scripts/pypi.sh

for version in 2.3.0 1.30.0; do
    folder=.build/mcp/$version
    if [[ -x $folder/python ]]; then
        echo "$folder is there."
        continue
    fi
    Scripts/install-system-packages.sh client
    python=$(python_with_pip)
    rm -rf "$folder.new"
    mkdir -p .build/mcp
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --target "$folder.new" "mcp==$version"
    # A folder of packages, not a virtual environment: that would need one more system package. -S leaves out those of
    # this Python's own, so that each version has what it was installed with.
    printf '#!/bin/sh\nPYTHONPATH="${0%%/*}" exec "%s" -S "$@"\n' "$("$python" -c 'import sys; print(sys.executable)')" \
        >"$folder.new/python"
    chmod +x "$folder.new/python"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
    echo "$folder is in place."
done
