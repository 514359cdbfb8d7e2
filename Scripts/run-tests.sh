#!/usr/bin/env bash
# Runs the tests and closes with the name and first message of each test that failed, and one line:
# `N passed, N failed, N skipped`. `make test` calls it when all is set up.
#
#   Scripts/run-tests.sh [unit] [end-to-end]      (without a word: both)
#
# Everything is built first, and once. End-to-end tests start llama-stack with the real model; they find both by
# LLAMA_STACK_BIN and LLAMA_STACK_MODELS. FILTER=REGEX runs only the tests that match. SWIFT_FLAGS goes to
# every swift command, and LLAMA_STACK_ISA=avx2 (or avx512, plain) runs every model with those kernels. With
# UPDATE_GOLDEN=1 the golden tests write their files instead of comparing (`make golden`). The second part runs whatever
# the first one found. Three tests a processor run at a time: they wait more than they compute, and where all of them start at
# once on a slow machine, a child process of one has not begun when its 60 s are over.
set -euo pipefail
cd "$(dirname "$0")/.."

read -ra swift_flags <<<"${SWIFT_FLAGS--c release -Xswiftc -enable-testing -Xcc -O3}"
export LLAMA_STACK_BIN=${LLAMA_STACK_BIN:-$PWD/.build/release/llama-stack}
export LLAMA_STACK_MODELS=${LLAMA_STACK_MODELS:-$PWD/models}
results=.build/test-results
passed=0 failed=0 skipped=0
failures=()

# run PART SELECTION...: runs one part and adds its tests to the sums.
run() {
    local part=$1 status=0 counts run_passed run_failed run_skipped
    shift
    echo "==> $part tests"
    rm -f "$results/$part"*.xml
    swift test "${swift_flags[@]}" --skip-build --experimental-maximum-parallelization-width $((3 * $(nproc))) \
        --xunit-output "$results/$part.xml" "$@" || status=$?
    counts=$(count "$results/$part-swift-testing.xml")
    read -r run_passed run_failed run_skipped <<<"$counts"
    if [[ $((run_passed + run_failed + run_skipped)) -eq 0 && -z ${FILTER-} ]]; then
        failures+=("$part: no test ran; this counts as one failure")
        run_failed=1
    elif [[ $status -ne 0 && $run_failed -eq 0 ]]; then
        failures+=("$part: the tests ended with status $status before all had run; this counts as one failure")
        run_failed=1
    fi
    mapfile -t -O ${#failures[@]} failures < <(name_failures "$results/$part-swift-testing.xml")
    passed=$((passed + run_passed)) failed=$((failed + run_failed)) skipped=$((skipped + run_skipped))
}

# Prints `passed failed skipped` from a results file; zeros when the process died before it was written.
count() {
    [[ -f $1 ]] || { echo "0 0 0"; return; }
    awk '
        function close_case() { if (open) { if (bad) f++; else if (idle) s++; else p++ } open = bad = idle = 0 }
        /<testcase /  { close_case(); open = 1 }
        /<failure/    { bad = 1 }
        /<skipped/    { idle = 1 }
        END           { close_case(); print p + 0, f + 0, s + 0 }
    ' "$1"
}

# Prints `suite test: the first message` for each test that failed.
name_failures() {
    [[ -f $1 ]] || return 0
    awk '
        function value(key) {
            if (!match($0, " " key "=\"[^\"]*")) return ""
            return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
        }
        /<testcase / { name = value("classname") " " value("name") }
        /<failure/   { if (name != "") print name ": " substr(value("message"), 1, 400); name = "" }
    ' "$1" | perl -CS -pe 's/&#10;/ /g; s/&#(\d+);/chr $1/ge; s/&quot;/"/g; s/&apos;/'"'"'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/&/g'
}

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(unit end-to-end)
only=()
[[ -z ${FILTER-} ]] || only=(--filter "$FILTER")

mkdir -p "$results"
echo "==> build of everything and of the tests"
swift build "${swift_flags[@]}" --build-tests
# The provider in Rust goes beside the others, where there is a Rust compiler; its tests say that they are skipped else.
Scripts/build-rust-provider.sh "$(dirname "$LLAMA_STACK_BIN")" || [[ $? -eq 69 ]]
for part in "${parts[@]}"; do
    case $part in
        unit)
            # What waits for deadlines runs apart from what takes all processors.
            run unit --skip EndToEndTests --skip HTTPFrontTests --skip MemoryPgvectorTests "${only[@]}"
            for apart in HTTPFrontTests MemoryPgvectorTests; do
                if [[ -n ${FILTER-} ]]; then
                    run "$apart" "${only[@]}" --skip "^(?!$apart)"
                else
                    run "$apart" --filter "$apart"
                fi
            done
            ;;
        end-to-end)
            if [[ ! -x $LLAMA_STACK_BIN ]]; then
                echo "error: there is no $LLAMA_STACK_BIN; run make build first." >&2
                exit 69
            fi
            # SwiftPM takes several filters as alternatives, so a narrower one leaves out the units by hand.
            if [[ -n ${FILTER-} ]]; then
                run end-to-end "${only[@]}" --skip '^(?!EndToEndTests)'
            else
                run end-to-end --filter EndToEndTests
            fi
            ;;
        *) echo "usage: Scripts/run-tests.sh [unit] [end-to-end]" >&2; exit 64 ;;
    esac
done

if [[ $((passed + failed + skipped)) -eq 0 ]]; then
    echo "error: no test matches FILTER='${FILTER-}'; it is a regular expression over Target.Suite/function names." >&2
    failed=1
fi
[[ ${#failures[@]} -eq 0 ]] || printf 'failed: %s\n' "${failures[@]}" >&2
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
