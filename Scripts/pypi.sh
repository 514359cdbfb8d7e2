# What the scripts that use PyPI share; they read it with `.`.
# shellcheck shell=bash

# fetch_from_pypi FILE SHA256 OPTIONS...: FILE is in place and its hash is right when this returns. OPTIONS go to
# pypi-file.py, which does the fetching. $scripts is the folder of the scripts.
fetch_from_pypi() {
    local file=$1 sha256=$2 scripts=${scripts:?} python
    shift 2
    if [[ -f $file ]]; then
        if is_verified "$file" "$sha256"; then
            echo "$file is there."
            return
        fi
        if [[ $(sha256sum -- "$file" | cut -d' ' -f1) == "$sha256" ]]; then
            remember_verified "$file" "$sha256"
            echo "$file is there; its hash is right."
            return
        fi
        echo "$file is not the expected file (its sha256 differs): fetching it again."
    fi
    "$scripts/install-system-packages.sh" download
    mkdir -p -- "$(dirname -- "$file")"
    python=$(python_with_pip)
    "$python" "$scripts/pypi-file.py" --output "$file" --sha256 "$sha256" "$@"
    remember_verified "$file" "$sha256"
    echo "$file is in place."
}

# Prints the first Python that has pip: a second Python on the PATH may hide the system's. 69 when there is none.
python_with_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("pip") is None)' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 69
}

# The stamp holds the hash that was checked and what the file looked like then, so that a second start need not read
# 98 MB again.
stamp_of() { echo "$(dirname -- "$1")/.$(basename -- "$1").verified"; }
look_of() { stat --dereference --format='%s %Y %i' -- "$1"; }
is_verified() { [[ "$(cat -- "$(stamp_of "$1")" 2>/dev/null)" == "$2 $(look_of "$1")" ]]; }
remember_verified() { echo "$2 $(look_of "$1")" >"$(stamp_of "$1")"; }
