#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that a job needs and that are missing on this machine. Says nothing when all are there.
#
#   Scripts/install-system-packages.sh [build] [download] [client] [browser] [peers]      (without a word: build)
#
# What is there is asked of the machine, not of dpkg: a Python from pyenv or a pkg-config built by hand counts.
# Exit 69 (unavailable) when something is missing and cannot be installed from here; the command to type is printed.
set -euo pipefail
# shellcheck source=Scripts/pypi.sh
. "$(dirname "$0")/pypi.sh"

# job | package | why it is needed | how to see that it is there
needs=(
    "build|make|runs the Makefile|has_command make"
    "build|git|lets SwiftPM fetch packages|has_command git"
    "build|pkg-config|tells SwiftPM where libraries are|has_command pkg-config"
    "build|libyaml-dev|reads distribution files|has_library yaml-0.1"
    "build|libsqlite3-dev|keeps memory banks|has_library sqlite3"
    "build|libedit-dev|edits what is typed in chat|has_library libedit"
    "build|libcurl4-openssl-dev|asks other servers|has_library libcurl"
    "build|libpq-dev|keeps memory banks in PostgreSQL|has_library libpq"
    "build|libssl-dev|serves TLS in the tests|has_library openssl"
    "build|libopenblas-dev|multiplies for inline::blas|has_library openblas"
    "build|libgumbo-dev|reads HTML documents|has_library gumbo"
    "build|libcmark-gfm-dev|reads Markdown documents|has_library libcmark-gfm"
    "build|libcmark-gfm-extensions-dev|reads tables in them|has_header cmark-gfm-core-extensions.h"
    "build|libxml2-dev|reads XML documents|has_library libxml-2.0"
    "build|libuchardet-dev|guesses encodings of documents|has_library uchardet"
    "build|poppler-utils|reads PDF documents|has_command pdftotext"
    "build|zlib1g-dev|packs the playground's pages|has_library zlib"
    "build|libseccomp-dev|filters system calls of cages|has_library libseccomp"
    "build|bubblewrap|makes the cages that code runs in|has_command bwrap"
    "build|python3|runs code in them|has_debian_python"
    "build|curl|talks to the server in examples and tests|has_command curl"
    "download|python3|runs pip|has_command python3"
    "download|python3-pip|fetches the model from PyPI|has_pip"
    "download|ca-certificates|lets pip check who it talks to|has_certificates"
    "client|python3|runs an independent client in the tests|has_command python3"
    "client|python3-pip|fetches that client from PyPI|has_pip"
    "client|ca-certificates|lets pip check who it talks to|has_certificates"
    "client|python3-matplotlib|draws plots in the tests|has_debian_matplotlib"
    "browser|python3|drives the browser|has_command python3"
    "browser|chromium|shows the playground in the tests|has_command chromium"
    "browser|chromium-driver|is how a test drives it|has_command chromedriver"
    "browser|fonts-dejavu-core|has the letters of its pictures|has_font"
    "browser|nginx-light|stands before the server in a test|has_command nginx"
    "peers|python3|drives the measurements|has_command python3"
    "peers|python3-pip|fetches llama.cpp from PyPI|has_pip"
    "peers|python3-venv|gives OpenVINO a Python environment of its own|has_venv"
    "peers|cmake|builds llama.cpp|has_command cmake"
    "peers|ninja-build|builds llama.cpp|has_command ninja"
    "peers|g++|compiles llama.cpp|has_command g++"
)

has_command() { command -v "$1" >/dev/null; }
has_library() { command -v pkg-config >/dev/null && pkg-config --exists "$1"; }
has_header() { [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]; }
has_debian_python() { [[ -x /usr/bin/python3 ]]; }
has_debian_matplotlib() { [[ -e /usr/lib/python3/dist-packages/matplotlib/__init__.py ]]; }
has_certificates() { [[ -s ${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}} ]]; }

has_font() { [[ -n $(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null) ]]; }
has_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }
has_pip() { python_with_pip >/dev/null; }

usage() {
    echo "usage: Scripts/install-system-packages.sh [build] [download] [client] [browser] [peers]" >&2
    exit 64
}

# Prints `package|why` for each need of the jobs asked for that is not met.
missing_for() {
    local jobs=" $* " row job package why check
    for row in "${needs[@]}"; do
        IFS='|' read -r job package why check <<<"$row"
        [[ $jobs == *" $job "* ]] || continue
        $check || echo "$package|$why"
    done | sort -u
}

cannot_install() {
    echo "error: $1" >&2
    echo "Install them with" >&2
    echo "    $2" >&2
    echo "and run the command again." >&2
    exit 69
}

for job in "$@"; do
    [[ $job == build || $job == download || $job == client || $job == browser || $job == peers ]] || usage
done
[[ $# -gt 0 ]] || set -- build

missing=$(missing_for "$@")
[[ -n $missing ]] || exit 0

packages=()
echo "Missing on this machine:"
while IFS='|' read -r package why; do
    printf '    %-16s %s\n' "$package" "$why"
    packages+=("$package")
done <<<"$missing"

if ! has_command apt-get; then
    cannot_install "there is no apt-get here; these are the names that Debian and Ubuntu use." \
        "this system's package manager"
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    by_hand="sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    if ! has_command sudo; then
        cannot_install "installing them needs root, and there is no sudo." \
            "su -c 'apt-get update && apt-get install -y ${packages[*]}'"
    fi
    # Without a terminal no password can be typed.
    if [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; then
        cannot_install "installing them needs root, and sudo asks for a password that cannot be typed here." "$by_hand"
    fi
    as_root=(sudo)
else
    by_hand="apt-get update && apt-get install -y ${packages[*]}"
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing them with apt-get ..."
# A failed update is not the end: one foreign source that is down must not stop what the others have.
if ! { apt update; apt install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    cannot_install "apt-get failed; its last lines are above." "$by_hand"
fi

missing=$(missing_for "$@")
if [[ -n $missing ]]; then
    cannot_install "still missing after the installation: $(cut -d'|' -f1 <<<"$missing" | tr '\n' ' ')" "$by_hand"
fi
echo "Installed ${packages[*]}."
