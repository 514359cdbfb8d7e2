#!/usr/bin/env bash
# Fetches a PostgreSQL server with pgvector, from PyPI: the tests of remote::pgvector start one of their own.
#
#   Scripts/fetch-postgres.sh      (into .build/postgres; nothing is installed)
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=Scripts/pypi.sh
. Scripts/pypi.sh

folder=.build/postgres
# PostgreSQL 16 and pgvector 0.6.2.
wanted="pgserver==0.1.4"
if [[ -x $folder/pgserver/pginstall/bin/postgres && "$(cat "$folder/wanted" 2>/dev/null)" == "$wanted" ]]; then
    echo "$folder is there."
    exit
fi

Scripts/install-system-packages.sh download
python=$(python_with_pip)
rm -rf "$folder.new"
"$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --only-binary :all: --no-deps \
    --target "$folder.new" "$wanted"
# A server does not run as root, so that others must be able to read it.
chmod -R a+rX "$folder.new"
echo "$wanted" >"$folder.new/wanted"
rm -rf "$folder"
mv "$folder.new" "$folder"
echo "$folder is in place."
