import re


def drive(browser):
    browser.open("#/completion?temperature=0&max_tokens=8")
    browser.fill("Text", "The capital of France is")
    browser.press("Continue")
    browser.sees("Paris", "main .tokens")
    browser.button("Continue")
    browser.click("main .tokens .token")
    browser.sees(re.compile(r"Paris ✓\s+\d+\.\d %"))
    rows = browser.run("return document.querySelectorAll('main tbody tr').length")
    browser.wants(rows >= 5, f"the five likeliest tokens, not {rows}")
    first = browser.run("return document.activeElement.innerText")
    browser.send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
        {"type": "keyDown", "value": "\ue014"}, {"type": "keyUp", "value": "\ue014"}]}]})
    browser.wants(browser.run("return document.activeElement.innerText") != first, "the arrow goes to the next token")
    browser.check("completion")
    browser.expects(400)
    browser.fill("Model", "echo")
    browser.press("Continue")
    browser.sees("tells no log probabilities")
    browser.sees("The capital of France is", "main .tokens")
