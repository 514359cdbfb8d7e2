"""Rows that measure a server from outside: many clients, one client, memory, the start, and a busy neighbour."""

import contextlib
import os
import random
import statistics
import subprocess
import sys
import time

from .figures import Figure, Group
from .serving import Server, load

# With the chat template around it a prompt of this many words comes to about 165 tokens.
WORDS_IN_PROMPT = 112
WORDS = ("river stone window garden winter letter bridge market candle forest mirror silver harbor morning shadow village "
         "engine ladder basket feather island thunder orchard velvet lantern copper meadow canyon rocket puzzle saddle "
         "anchor blanket cottage dragon elbow falcon guitar hammer insect jacket kettle lemon magnet needle olive pepper "
         "quartz rabbit salmon tunnel umbrella valley walnut yellow zebra").split()


# Wanted (must, aim) by the instructions of this machine: output of 16 clients, their first token, and that of one client.
SERVED = {"avx512": (("6.3×", "7×"), ("15×", "26×"), ("4×", "7×")), "avx2": (("3.5×", "5×"), ("12×", "20×"), ("", ""))}


def groups(instructions):
    return [server(*SERVED[instructions]), busy()]


def words(count):
    return " ".join(random.SystemRandom().choice(WORDS) for _ in range(count))


def prompts(count, length=WORDS_IN_PROMPT):
    """No two are alike, neither in one run nor in two."""
    draw = random.SystemRandom()
    return [f"{draw.randrange(10**6)}. Write a long story in which these words come up: {words(length)}" for _ in range(count)]


def first_milliseconds(answers):
    return 1000 * statistics.median(answer.first_seconds for answer in answers)


def count_tokens(programs, answers):
    """By the peer's tokenizer, for both sides alike."""
    with Server(programs, "peer") as counter:
        counter.wait_until_ready()
        return counter.tokens([answer.text for answer in answers])


def server(rate, first, first_alone):
    figures = [
        Figure("server-rate", "server, 16 clients, 165-token prompts, 64 new tokens: output", "tokens/s", *rate,
               short="output"),
        Figure("server-first-1", "time to first token, 1 client (median)", "ms", *first_alone, False, "first token alone"),
        Figure("server-first-16", "time to first token, 16 clients (median)", "ms", *first, False,
               "first token of 16"),
        Figure("server-idle", "resident memory, idle with the model loaded", "MB", "2×", "2.5×", False, "idle"),
        Figure("server-after", "resident memory after the 16 clients", "MB", "2×", "2.5×", False, "afterwards"),
        Figure("server-start", "spawn to the end of a first 1-token answer", "ms", "2×", "4×", False, "start"),
    ]

    def sample(programs, engine):
        sizes = programs.sizes
        with Server(programs, engine) as one:
            start = one.first_answer_seconds()
        with Server(programs, engine) as one:
            one.wait_until_ready()
            time.sleep(0.5)
            idle = one.resident_megabytes()
            alone, _ = load(one, prompts(sizes.single_rounds), 1, sizes.new_tokens)
            together, seconds = load(one, prompts(sizes.clients * sizes.rounds), sizes.clients, sizes.new_tokens)
            after = one.resident_megabytes()
        values = [count_tokens(programs, together) / seconds, first_milliseconds(alone), first_milliseconds(together), idle,
                  after, 1000 * start]
        return dict(zip([figure.name for figure in figures], values))

    return Group("server", "Distributions/cpu.yaml beside llama-server -np 16 -c 8192 -t 2, Q4_1", figures, sample)


def busy():
    figure = Figure("busy", "with another busy process on one core: output, 1 client", "tokens/s", "10×", "30×",
                    short="output")

    def sample(programs, engine):
        sizes = programs.sizes
        with Server(programs, engine) as one:
            one.wait_until_ready()
            with neighbour():
                answers, seconds = load(one, prompts(1), 1, sizes.new_tokens)
        return {"busy": count_tokens(programs, answers) / seconds}

    return Group("busy", "the same servers while another process keeps one core busy", [figure], sample)


@contextlib.contextmanager
def neighbour():
    """A process that computes all the time, on the last core that this one may use."""
    core = max(os.sched_getaffinity(0))
    process = subprocess.Popen([sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"])
    time.sleep(0.3)
    try:
        yield
    finally:
        process.kill()
        process.wait()
