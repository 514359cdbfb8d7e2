#!/usr/bin/env bash
# Builds llama.cpp, the engine we measure ourselves against, and the forms of the default model that it is measured with.
#
#   Scripts/setup-peers.sh [--folder DIR] [--model FILE] [--openvino]
#
# DIR is $LLAMA_STACK_PEERS or ~/.cache/llama-stack-peers unless it is named.
#
# The source is the copy that PyPI's llama-cpp-python carries, so that a machine that reaches PyPI reaches it. It is built
# for this very CPU, as a user who wants speed would. What is there is not made again: a second run takes no time.
#
#   DIR/bin       llama-bench, llama-batched-bench, llama-perplexity, llama-quantize, llama-server
#   DIR/models    the model requantised to other types: for speed and exactness, not for quality
#   DIR/openvino  with --openvino: a Python environment with OpenVINO GenAI, from PyPI
set -euo pipefail
scripts=$(dirname "$(realpath "$0")")
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

version=0.3.36
sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
programs=(llama-bench llama-batched-bench llama-perplexity llama-quantize llama-server)
forms=(Q8_0 F16 F32 Q4_0 Q4_K_M)
openvino=2026.4.1.0

folder=${LLAMA_STACK_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/llama-stack-peers}
model=$scripts/../models/SmolLM2-135M-Instruct.Q4_1.gguf
with_openvino=
while [[ $# -gt 0 ]]; do
    case $1 in
        --folder) folder=${2:?--folder needs a folder}; shift 2 ;;
        --model) model=${2:?--model needs a file name}; shift 2 ;;
        --openvino) with_openvino=1; shift ;;
        *) echo "usage: Scripts/setup-peers.sh [--folder DIR] [--model FILE] [--openvino]" >&2; exit 64 ;;
    esac
done
[[ -f $model ]] || { echo "error: there is no $model; run make model first." >&2; exit 66; }
mkdir -p "$folder"/{logs,models}
folder=$(realpath "$folder")
source_folder=$folder/llama_cpp_python-$version

# logged NAME COMMAND...: runs COMMAND with its output in logs/NAME.log, and shows the end of that when it fails.
logged() {
    local log=$folder/logs/$1.log
    shift
    "$@" >"$log" 2>&1 && return
    tail -n 20 "$log" >&2
    echo "error: '$*' failed; its last lines are above, all of them in $log." >&2
    exit 69
}

fetch_source() {
    local python archive=llama_cpp_python-$version.tar.gz
    python=$(python_with_pip)
    echo "Fetching the source of llama.cpp (77 MB) from PyPI ..."
    logged download "$python" -m pip download --no-deps --no-binary :all: --disable-pip-version-check \
        --dest "$folder" "llama-cpp-python==$version"
    if [[ $(sha256sum "$folder/$archive" | cut -d' ' -f1) != "$sha256" ]]; then
        rm -f "$folder/$archive"
        echo "error: $archive is not the file that was published; it is deleted. Run the command again." >&2
        exit 65
    fi
    # Unpacked beside its place and moved there whole, so that an interrupted run leaves nothing half done.
    rm -rf "$folder/unpacking"
    mkdir "$folder/unpacking"
    tar -xzf "$folder/$archive" -C "$folder/unpacking"
    mv "$folder/unpacking/llama_cpp_python-$version" "$source_folder"
    rm -rf "$folder/unpacking" "${folder:?}/$archive"
}

build() {
    local llama=$source_folder/vendor/llama.cpp
    echo "Building llama.cpp for this CPU (about 6 minutes on 2 idle cores; log: $folder/logs/build.log) ..."
    logged configure cmake -S "$llama" -B "$llama/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
        -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF
    logged build cmake --build "$llama/build" --parallel "$(nproc)" --target "${programs[@]}"
    ln -sfn "$llama/build/bin" "$folder/bin"
}

is_built() {
    local program
    for program in "${programs[@]}"; do
        [[ -x $folder/bin/$program ]] || return
    done
}

if ! is_built; then
    "$scripts/install-system-packages.sh" peers
    [[ -d $source_folder ]] || fetch_source
    build
fi

for form in "${forms[@]}"; do
    file=$folder/models/SmolLM2-135M-Instruct.$form.gguf
    [[ -f $file ]] && continue
    echo "Writing $file ..."
    logged quantize "$folder/bin/llama-quantize" --allow-requantize "$model" "$file.partial" "$form" "$(nproc)"
    mv "$file.partial" "$file"
done
has_openvino() { "$folder/openvino/bin/python" -c 'import openvino_genai' 2>/dev/null; }

if [[ -n $with_openvino ]] && ! has_openvino; then
    "$scripts/install-system-packages.sh" peers
    echo "Fetching OpenVINO GenAI $openvino from PyPI into $folder/openvino ..."
    rm -rf "$folder/openvino"
    logged openvino "$(python_with_pip)" -m venv "$folder/openvino"
    logged openvino "$folder/openvino/bin/python" -m pip install --disable-pip-version-check "openvino-genai==$openvino"
fi
echo "The peers are ready: $folder"
