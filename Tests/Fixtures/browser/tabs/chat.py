import json
import re

TOOLS = json.dumps([{"type": "function", "function": {
    "name": "weather", "description": "The weather of a city", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}])


def ask(browser, text):
    browser.type("Message", text)
    browser.key("Enter")
    browser.button("Send")


def assistants(browser):
    return browser.run("return [...document.querySelectorAll('main li.assistant .prose')].map(n => n.innerText)")


def drive(browser):
    browser.open("#/chat?temperature=0&max_tokens=24")
    browser.sees("Nothing of this dialog is kept")
    browser.fill("System", "You answer in one word.")
    ask(browser, "What is the capital of France?")
    browser.sees("Paris", "main li.assistant")
    browser.sees(re.compile(r"first token \d+ ms\s+([\d.]+ tokens/s\s+)?\d+ of 2,048 tokens\s+stop"), "main li.assistant footer")
    browser.wants("system=You+answer" in browser.run("return location.hash"), "the URL has the system's text")
    browser.sees("Answer: ", "#live")
    browser.check("chat")

    # Another answer, and the two as branches.
    browser.press("Another answer (smollm)")
    browser.button("Send")
    browser.sees("2 of 2", "main li.assistant")
    browser.press("Branch before")
    browser.sees("1 of 2", "main li.assistant")

    # A message that is edited is a branch beside the old one.
    browser.press("Edit as a branch (You)")
    browser.fill("Text", "What is the capital of Italy?")
    browser.press("Send as a branch")
    browser.button("Send")
    browser.sees("What is the capital of Italy?", "main li.user")
    browser.sees("2 of 2", "main li.user")
    browser.wants(len(assistants(browser)) == 1, "one answer")

    # Another tab, and back: it is still there.
    browser.click("#tab-stack")
    browser.sees("Distribution")
    browser.click("#tab-chat")
    browser.sees("What is the capital of Italy?", "main li.user")
    browser.fill("Temperature", "0")
    browser.fill("Tokens at most", "24")

    # What is exported comes back.
    exported = browser.run(
        "window.saved = null; const make = URL.createObjectURL; URL.createObjectURL = (b) => { window.saved = b; return make(b); };"
        "[...document.querySelectorAll('main button')].find(b => b.innerText === 'Export').click();"
        "return window.saved.text()")
    browser.wants("Italy" in exported and "France" in exported, "both branches are exported")
    browser.press("Clear")
    browser.sees("Say something to smollm.")
    browser.run(
        "window.real = HTMLInputElement.prototype.click; HTMLInputElement.prototype.click = function () {"
        "const t = new DataTransfer(); t.items.add(new File([arguments_], 'd.json')); this.files = t.files;"
        "this.dispatchEvent(new Event('change')); };".replace("arguments_", "window.imported")
        + "window.imported = arguments[0]", exported)
    browser.press("Import")
    browser.sees("What is the capital of Italy?", "main li.user")
    browser.run("window.imported = '{\"messages\": 1}'")
    browser.press("Import")
    browser.sees("This is no dialog")
    browser.run("HTMLInputElement.prototype.click = window.real")

    tools(browser)
    stopped(browser)
    wrong(browser)


def tools(browser):
    """A call is shown, and answered by hand."""
    browser.open("#/chat?temperature=0&max_tokens=40")
    browser.click("main details summary")
    browser.fill("Tools", TOOLS)
    browser.run(
        # The model is small: it is made to call.
        "const real = window.fetch; window.fetch = (path, options) => {"
        "const body = JSON.parse(options?.body ?? '{}');"
        "if (body.messages?.at(-1).role === 'user') body.tool_choice = 'required';"
        "return real(path, {...options, body: options?.body && JSON.stringify(body)}); }")
    ask(browser, "What is the weather in Paris?")
    browser.sees(re.compile(r"Calls weather\s+\{\s+\"city\": \"Paris\""))
    browser.fill("Result of weather", "sunny")
    browser.press("Answer the call")
    browser.button("Send")
    browser.sees("sunny", "main li.tool")
    browser.wants(len(assistants(browser)) == 2, "the model goes on")
    browser.check("chat-tools")


def stopped(browser):
    # With this text every instruction set has the same answer.
    browser.open("#/chat?temperature=0&stop=Paris&system=You+answer+in+one+word.")
    ask(browser, "What is the capital of France?")
    browser.wants([text.strip() for text in assistants(browser)] == ["The capital of France is"], f"the stop text is held back: {assistants(browser)}")
    browser.open("#/chat?temperature=0")
    browser.type("Message", "Write a long story about a dragon.")
    browser.key("Enter")
    browser.sees(re.compile(r"(\w+\W+){8}"), "main li.assistant .prose")
    browser.key("Escape")
    browser.sees("stopped", "main li.assistant footer")
    browser.button("Send")


def wrong(browser):
    """A refusal is said in the server's words, and what is too long tells how long it may be."""
    browser.expects(400)
    browser.open("#/chat?temperature=3")
    ask(browser, "Hello")
    browser.sees("temperature must be in 0.0...2.0, got 3")
    browser.open("#/no-such-tab")
    browser.sees("No such tab")
