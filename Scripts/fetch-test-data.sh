#!/usr/bin/env bash
# Fetches what some tests read and what may not be committed: the tokenizer of Llama 3 (2 MB).
#
#   Scripts/fetch-test-data.sh [--wheel FILE]
#
# It comes out of Meta's own PyPI package llama-models and stands under the Llama Community License.
set -euo pipefail
scripts=$(dirname "$(realpath "$0")")
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

output=$(realpath -ms --relative-base=. "$scripts/../models/llama3-tokenizer.model")
wheel=()
case ${1-} in
    "") ;;
    --wheel) wheel=(--wheel "${2:?--wheel needs a file name}") ;;
    *) echo "usage: Scripts/fetch-test-data.sh [--wheel FILE]" >&2; exit 64 ;;
esac

fetch_from_pypi "$output" 82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55 \
    --package llama-models --version 0.3.0 \
    --wheel-sha256 7f77f78ff13fca09f70d76a376aff6414cd901623fb9d57e69c2f8367a73032f --wheel-bytes 6612946 \
    --member llama_models/llama3/tokenizer.model "${wheel[@]}"
echo "    (Llama Community License: for the tests on this machine, never to be committed)"
