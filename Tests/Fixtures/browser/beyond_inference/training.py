import json
import re


def drive(browser):
    browser.open("#/training?steps=2&batch=2&rank=2&alpha=4")
    browser.sees("None yet.")
    browser.fill("Id", "queues")
    browser.fill("Rows", "\n".join(json.dumps({"dialog": [
        {"role": "user", "content": f"Queue {number}?"}, {"role": "assistant", "content": f"Q{number}"}]}) for number in range(2)))
    browser.fill("More settings", '{"validation_steps": 1, "name": "sorted"}')
    browser.press("Start")
    browser.sees("completed", "main section[aria-label='Chosen job']", seconds=120)
    browser.sees("The job queues is completed.", "#live")
    browser.sees(re.compile(r"queues\s+completed"), "main section[aria-label='Jobs']")
    label = browser.run("return document.querySelector('main svg.chart').getAttribute('aria-label')")
    browser.wants(re.fullmatch(r"The loss of 2 steps, from [\d.]+ to [\d.]+; validation [\d.]+\.", label), f"the curve's label: {label}")
    browser.sees(re.compile(r"step 2/2\s+loss [\d.]+"), "main .figures")
    browser.sees("/checkpoints/step-2", "main [aria-label='Checkpoints']")
    browser.fill("Smoothing", "0.9")
    browser.wants("smoothing=0.9" in browser.run("return location.hash"), "the URL has the smoothing")
    browser.sees("Chat with it, beside its base")
    browser.fill("Message", "Queue 1?")
    browser.press("Ask both")
    for name in ["smollm", "smollm@sorted"]:
        browser.sees(re.compile(r"\n\S"), f"main section[aria-label='{name}']")
    browser.click("main section[aria-label='Chosen job'] details:first-of-type summary")
    browser.sees(re.compile(r"parameters trained\s+\d"))
    browser.check("training")
    # The URL opens it again, with its log from the first line.
    browser.open(browser.run("return location.hash"))
    browser.sees("Chat with it, beside its base")
    browser.run("[...document.querySelectorAll('main details')].find(d => d.innerText.startsWith('Log')).open = true")
    browser.sees(re.compile(r"step 1/2 loss(.*\n)+completed"), "main pre[aria-label=Log]")
    # The chat of the link has the model that was made since the page was loaded.
    browser.click("main section[aria-label='Chat with it'] a")
    browser.sees("Nothing of this dialog is kept")
    browser.wants(browser.run("return arguments[0].value", browser.labelled("Model")) == "smollm@sorted", "the chat is with it")
