#!/usr/bin/env bash
# Runs the tests of limits on a kernel whose control groups are those of version 2 alone, whatever this machine mounts: User
# Mode Linux, a kernel that is a program, with this machine's files. Nothing of this machine is changed.
#
#   Scripts/check-groups.sh [REGEX]      (without a word: children, cages, and their limits)
#
# The kernel is Debian's package user-mode-linux (41 MB), unpacked into .build/groups and not installed. The tests must have been
# built, as `make check-groups` does.
set -euo pipefail
cd "$(dirname "$0")/.."

filter=${1:-'ChildProcessTests\.|ToolsPythonTests\.(LimitTests|CageTests)'}
folder=$PWD/.build/groups
tests=$PWD/.build/release/llama-stackPackageTests.xctest
kernel=$folder/usr/bin/linux.uml
[[ -x $tests ]] || { echo "error: there is no $tests; build it with: make check-groups" >&2; exit 66; }
if [[ ! -x $kernel ]]; then
    mkdir -p "$folder"
    (cd "$folder" && apt-get download --quiet user-mode-linux >apt.log 2>&1 && dpkg -x user-mode-linux_*.deb . &&
        rm user-mode-linux_*.deb) || {
        cat "$folder/apt.log" >&2
        echo "error: Debian's package user-mode-linux can't be downloaded; its words are above." >&2
        exit 69
    }
fi

# The first program of that kernel. It can't answer with an exit status: a line does.
cat >"$folder/init" <<END
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root SWIFT_BACKTRACE=enable=no
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 groups /sys/fs/cgroup
mount -t tmpfs -o size=1g tmp /tmp
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
ip link set lo up 2>/dev/null
cd '$PWD'
echo "Linux \$(uname -r), version 2 has: \$(cat /sys/fs/cgroup/cgroup.controllers)"
'$tests' --testing-library swift-testing --filter '$filter'
echo "ended with \$?"
echo o >/proc/sysrq-trigger
sleep 60
END
chmod +x "$folder/init"
"$kernel" mem=3G rootfstype=hostfs rootflags=/ rw "init=$folder/init" quiet con=null con0=null,fd:1 </dev/null 2>/dev/null |
    tee "$folder/log"
grep -q "^ended with 0" "$folder/log"
