import re


def drive(browser):
    browser.open("#/chat?temperature=0&max_tokens=24")
    browser.sees("Nothing of this dialog is kept")
    browser.fill("System", "You answer in one word.")
    browser.type("Message", "What is the capital of France?")
    browser.key("Enter")
    browser.sees(re.compile(r"first token \d+ ms"))
    browser.sees("Paris", "main li.assistant")
    browser.sees(re.compile(r"\d+ tokens\b"), "main li.assistant")
    browser.wants("system=You+answer" in browser.run("return location.hash"), "the URL has the system's text")
    browser.check("chat")
