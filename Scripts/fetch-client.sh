#!/usr/bin/env bash
# Fetches a client of the draft's time, written by others, from PyPI: the end-to-end tests drive the server with it.
#
#   Scripts/fetch-client.sh      (into .build/client; run it as .build/client/python FILE.py)
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=Scripts/pypi.sh
. Scripts/pypi.sh

Scripts/install-system-packages.sh client
folder=.build/client
# Its httpx must be older than 0.28, which no longer takes `proxies`.
wanted="llama-stack-client==0.0.1a0 httpx==0.27.2"
if [[ -x $folder/python && "$(cat "$folder/wanted" 2>/dev/null)" == "$wanted" ]]; then
    echo "$folder is there."
    exit
fi

python=$(python_with_pip)
rm -rf "$folder.new"
# shellcheck disable=SC2086
"$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --target "$folder.new" $wanted
# A folder of packages, not a virtual environment: that would need one more system package.
printf '#!/bin/sh\nPYTHONPATH="${0%%/*}" exec "%s" "$@"\n' "$(command -v "$python")" >"$folder.new/python"
chmod +x "$folder.new/python"
echo "$wanted" >"$folder.new/wanted"
rm -rf "$folder"
mv "$folder.new" "$folder"
echo "$folder is in place."
