"""Where the programs are, how they are run, and what is known of the machine."""

import dataclasses
import json
import os
import platform
import resource
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MODEL = "SmolLM2-135M-Instruct"
# What results are kept by, and its title: a machine with AVX-512 VNNI, or one without.
INSTRUCTIONS = {"avx512": "AVX-512 VNNI", "avx2": "AVX2 alone"}
# No measurement takes as long, but for a program that hangs.
COMMAND_SECONDS_MAX = 600


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much is measured. All counts are of tokens but for clients, sequences, rounds and windows."""

    prompt: int = 512
    decode: int = 128
    depth: int = 2048
    sequences: int = 16
    batch_prompt: int = 128
    batch_decode: int = 64
    clients: int = 16
    # Requests that each client makes, and how many the one client does that is alone.
    rounds: int = 2
    single_rounds: int = 5
    new_tokens: int = 64
    repeated_tokens: int = 256
    windows: int = 1000
    growth_depths: tuple = (0, 512, 1024, 2048, 4096)
    growth_batches: tuple = (1, 2, 4, 8, 16, 32)
    growth_runs: int = 3

    def is_smoke(self):
        return self.decode < 64

    @staticmethod
    def smoke():
        return Sizes(prompt=64, decode=16, depth=128, sequences=4, batch_prompt=32, batch_decode=8, clients=4, rounds=1,
                     single_rounds=1, new_tokens=8, repeated_tokens=32, windows=1, growth_depths=(0, 128), growth_batches=(1, 2), growth_runs=1)


class Programs:
    def __init__(self, folder, binary, sizes):
        self.folder, self.binary, self.sizes = folder, binary, sizes
        # The measurements lie beside the command.
        self.bench = os.path.join(os.path.dirname(binary), "llama-stack-bench")

    def peer(self, name):
        return os.path.join(self.folder, "bin", name)

    def model(self, form):
        """The file of one form of the default model."""
        if form == "Q4_1":
            return os.path.join(ROOT, f"models/{MODEL}.Q4_1.gguf")
        return os.path.join(self.folder, f"models/{MODEL}.{form}.gguf")

    def shape(self, shape, form):
        """A file of random weights in that shape, written the first time."""
        path = os.path.join(self.folder, f"models/random-{shape}.{form}.gguf")
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            print(f"  writing {path}", flush=True)
            self.output([self.bench, "shape", shape, path, "--type", form])
        return path

    def peer_version(self):
        run = subprocess.run([self.peer("llama-server"), "--version"], capture_output=True, text=True)
        lines = (run.stdout + run.stderr).splitlines()
        return next((line.removeprefix("version: ") for line in lines if "version:" in line), "of unknown version")

    def rows(self, command, cpu_clock=False):
        """What a command prints as JSON lines. With `cpu_clock` it sees its own CPU time for the time of day's passing."""
        output = self.output(command, {"LD_PRELOAD": self.cpu_clock()} if cpu_clock else {})
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")]

    def output(self, command, environment=None):
        try:
            run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})},
                                 timeout=COMMAND_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            sys.exit(f"error: {' '.join(command)} was not done after {COMMAND_SECONDS_MAX} s.")
        if run.returncode != 0:
            sys.exit(f"{run.stderr[-2000:]}\nerror: {' '.join(command)} ended with status {run.returncode}.")
        return run.stdout

    def cpu_clock(self):
        library = os.path.join(self.folder, "cpu_clock.so")
        source = os.path.join(os.path.dirname(__file__), "cpu_clock.c")
        if not os.path.exists(library) or os.path.getmtime(library) < os.path.getmtime(source):
            self.output(["g++", "-x", "c", "-O2", "-shared", "-fPIC", "-o", library, source])
        return library


class Machine:
    """Which share of the processor others take, from the time this is made."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.busy, self.total = self.ticks()
        self.own = self.own_seconds()

    def disturbance(self):
        busy, total = self.ticks()
        hertz = os.sysconf("SC_CLK_TCK")
        others = max(0, (busy - self.busy) / hertz - (self.own_seconds() - self.own))
        share = others / max(1e-9, (total - self.total) / hertz)
        return {"load_at_start": round(self.load, 2), "others_percent": round(100 * share, 1)}

    @staticmethod
    def ticks():
        with open("/proc/stat", encoding="ascii") as file:
            values = [int(word) for word in file.readline().split()[1:9]]
        idle = values[3] + values[4]
        return sum(values) - idle, sum(values)

    @staticmethod
    def own_seconds():
        """Of this process and of those it has waited for."""
        return sum(use.ru_utime + use.ru_stime
                   for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))

    @staticmethod
    def instructions():
        """A word of INSTRUCTIONS: what this project's kernels use here."""
        return "avx512" if Machine.has_vnni() and Machine.may_use_all() else "avx2"

    @staticmethod
    def may_use_all():
        """Whether LLAMA_STACK_ISA leaves this project what the peers were built for."""
        all_of_it = ("avx512", "avx512-vnni", "avx512-bf16") if Machine.has_vnni() else ("avx2",)
        return os.environ.get("LLAMA_STACK_ISA", "") in ("", *all_of_it)

    @staticmethod
    def has_vnni():
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return any(line.startswith("flags") and "avx512_vnni" in line for line in file)

    @staticmethod
    def description():
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
        return f"{name}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}"
