import json
import re

PROMPTS = ["Name a bird that cannot fly.", "Name a colour of the sky."]
FILTERS = ["none", "random", "top_k", "top_p", "top_k_top_p", "sigmoid"]
SETTINGS = {"k": 2, "p": 0.6, "temperature": 0.5, "threshold": -1.87, "seed": 3}

# What the page says that a filter keeps, and what the server keeps.
SHOWN = """
return [...document.querySelectorAll('main section[aria-label^="Prompt"] tbody')].map(body =>
  [...body.rows].filter(row => row.cells[2 + arguments[0]].innerText === '✓').map(row => row.cells[0].innerText.trim()))
"""
KEPT = """
return fetch('synthetic_data_generation/generate', {method: 'POST', body: arguments[0], headers: {'Content-Type': 'application/json'}})
  .then(r => r.json()).then(a => a.synthetic_data.map(p => p.k_scored_generations.map(g => g.message.content.trim())))
"""


def drive(browser):
    browser.open("#/synthetic")
    browser.fill("Prompts", "\n".join(PROMPTS))
    for label, key in [("k", "k"), ("p", "p"), ("Temperature", "temperature"), ("Seed", "seed")]:
        browser.fill(label, str(SETTINGS[key]))
    browser.press("Generate")
    browser.sees("8 candidates written.", "#live")
    browser.sees(re.compile(r"none\s+8\s+-\d"), "main [aria-label='What each filter keeps']")
    browser.fill("Threshold", str(SETTINGS["threshold"]))
    browser.wants("threshold" in browser.run("return document.querySelector('main svg.chart').textContent"), "the threshold is in the picture")
    for index, name in enumerate(FILTERS):
        shown = browser.run(SHOWN, index)
        kept = browser.run(KEPT, json.dumps({
            "prompts": [{"role": "user", "content": text} for text in PROMPTS], "filtering_function": name, "reward_scoring": SETTINGS}))
        browser.wants(shown == kept, f"{name} keeps {kept}, and the page says {shown}")
    browser.check("synthetic")
    browser.fill("Threshold", "")
    browser.fill("Filter", "none")
    browser.fill("Form", "sft")
    browser.fill("Id", "birds")
    browser.press("Register")
    browser.sees(re.compile(r"(birds|Not registered): \d+ rows?\."))
