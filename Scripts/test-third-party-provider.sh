#!/bin/sh
# Goes an author's way: a package outside this tree that depends on this repository's branch `main`, or on a tag of it, without
# its traits, and builds one provider library. Prints the library's path on stdout, everything else on stderr. It works in the folder given,
# or in a new one, and leaves it there: the library is in it.
#
#   test-third-party-provider.sh [FOLDER [TAG]]
#
# Takes what is committed (HEAD), and needs no network.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$(mktemp -d "${TMPDIR:-/tmp}/llama-stack-third-party.XXXXXX")}
mkdir -p "$work"
work=$(cd "$work" && pwd)
repository=$work/llama-stack
package=$work/parrot
rm -rf "$repository" "$package"

git clone --quiet --no-local "$root" "$repository" >&2
git -C "$repository" checkout --quiet -B main "$(git -C "$root" rev-parse HEAD)"
requirement='branch: "main"'
if [ -n "${2:-}" ]; then
    git -C "$repository" tag --force "$2" >/dev/null
    requirement="from: \"$2\""
fi

cp -R "$root/Tests/Fixtures/providers/ThirdParty" "$package"
sed -e "s|@REPOSITORY@|file://$repository|" -e "s|@REQUIREMENT@|$requirement|" "$package/Package.swift.in" >"$package/Package.swift"
rm "$package/Package.swift.in"

# Caches of its own, so that the tag of an earlier run is not taken for this one.
swift build --package-path "$package" --cache-path "$work/cache" >&2
if [ "$(ls "$package/.build/checkouts")" != llama-stack ]; then
    echo "test-third-party-provider.sh: more was fetched than llama-stack:" "$package"/.build/checkouts/* >&2
    exit 1
fi
echo "$(swift build --package-path "$package" --cache-path "$work/cache" --show-bin-path)/libprovider-inference-parrot.so"
