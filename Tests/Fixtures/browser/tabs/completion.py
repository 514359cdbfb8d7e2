import re
import subprocess


def snippets(browser):
    """The code of the request runs, and gets the answer."""
    browser.click("main details.snippet summary")
    for language, command in [("curl", ["bash", "-c"]), ("Python", ["python3", "-c"])]:
        browser.press(language)
        code = browser.text("main .snippet code")
        ran = subprocess.run([*command, code], capture_output=True, text=True, timeout=60)
        browser.wants("Paris" in ran.stdout and "[DONE]" in ran.stdout, f"{language} prints the answer: {code}\n{ran}")
    browser.press("Swift")
    browser.wants("URLRequest(url:" in browser.text("main .snippet code"), "Swift is there too")


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
    snippets(browser)
    browser.check("completion")
    browser.expects(400)
    browser.fill("Model", "echo")
    browser.press("Continue")
    browser.sees("tells no log probabilities")
    browser.sees("The capital of France is", "main .tokens")
