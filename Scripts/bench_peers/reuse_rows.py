"""Rows about what is off in all others: guessing from the text, and sharing what requests begin with. Nothing has to be reached.

Ours is measured with and without; the peer stands beside both as it is when used for this.
"""

import random

from .figures import Figure, Group
from .server_rows import count_tokens, first_milliseconds, prompts, words
from .serving import Server, load

# With the chat template around it a text of this many words comes to about 600 tokens.
WORDS_IN_SYSTEM = 440
# 16 places of 1024 tokens each.
CONTEXT_TOKENS = 16384


def groups():
    return [repetition(), prefix()]


def repetition():
    title = "an answer that repeats itself, 1 client: output"
    figures = [Figure("repeat-lookup", f"{title}, guessed from the text", "tokens/s", short="guessed"),
               Figure("repeat-none", f"{title}, not guessed", "tokens/s", short="not guessed")]

    def sample(programs, engine):
        tokens = programs.sizes.repeated_tokens

        def rate(guessing):
            with Server(programs, engine, CONTEXT_TOKENS, guessing=guessing) as one:
                one.wait_until_ready()
                answers, seconds = load(one, [table()], 1, tokens)
            return count_tokens(programs, answers) / (seconds - answers[0].first_seconds)

        if engine == "peer":
            return dict.fromkeys([figure.name for figure in figures], rate(False))
        return {"repeat-lookup": rate(True), "repeat-none": rate(False)}

    return Group("repeat", "a table whose lines are alike, to be copied: after the first token, Q4_1, 2 threads", figures, sample)


def table():
    """Lines of one form, as in files of data and of code."""
    draw = random.SystemRandom()
    lines = [f'{{"id": {1000 + number}, "name": "{words(1)}", "colour": "{words(1)}", "count": {draw.randrange(100)}}}'
             for number in range(16)]
    return "Copy this, line by line:\n" + "\n".join(lines)


def prefix():
    title = "16 clients with one 600-token system prompt"
    figures = []
    for form in ("shared", "not shared"):
        name = form.replace("not shared", "alone")
        figures += [Figure(f"prefix-first-{name}", f"{title}, {form}: time to first token (median)", "ms", more=False,
                           short=f"first token, {form}"),
                    Figure(f"prefix-rate-{name}", f"{title}, {form}: output", "tokens/s", short=f"output, {form}")]

    def sample(programs, engine):
        sizes = programs.sizes

        def measured(sharing):
            system = f"{random.SystemRandom().randrange(10**6)}. You know these words: {words(WORDS_IN_SYSTEM)}"
            with Server(programs, engine, CONTEXT_TOKENS, sharing) as one:
                one.wait_until_ready()
                answers, seconds = load(one, prompts(sizes.clients * sizes.rounds, 20), sizes.clients, sizes.new_tokens, system)
            return first_milliseconds(answers), count_tokens(programs, answers) / seconds

        shared = measured(True)
        alone = shared if engine == "peer" else measured(False)
        return dict(zip([figure.name for figure in figures], [*shared, *alone]))

    return Group("prefix", f"{title}, llama-server with its prompt cache, Q4_1, 2 threads", figures, sample)
