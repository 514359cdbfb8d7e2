import base64
import re

DOCUMENT = "The office door code is 4711."


def drive(browser):
    # The bank that the agent looks things up in.
    browser.open("#/stack")
    content = base64.b64encode(DOCUMENT.encode()).decode()
    browser.run(
        "return fetch('memory_banks/create?bank_uuid=office&bank_name=Office', {method: 'POST', body: arguments[0],"
        "headers: {'Content-Type': 'application/json'}}).then(r => r.status)",
        f'[{{"uuid": "door", "content": "{content}", "metadata": {{}}, "mime_type": "text/plain"}}]')
    browser.open("#/agents")
    browser.sees("Create an agent, or open one by its id.")
    browser.fill("Id", "clerk")
    browser.fill("Instructions", "Answer in one sentence.")
    browser.click("main input[value=office]")
    browser.click("main input[value=patterns]")
    browser.press("Create")
    browser.sees("smollm: Answer in one sentence.", "main section[aria-label='Chosen agent']")
    browser.sees("0 tools, 1 bank, 1 shield")
    browser.type("Message", "What is the office door code?")
    browser.key("Enter")
    browser.sees(re.compile(r"3 steps\s*\d"))
    steps = browser.text("main .steps")
    order = r"Shields\s+at .*took .*No objection\..*Memory\s+at .*took.*door The office door code.*Inference\s+at .*took"
    browser.wants(re.search(order, steps, re.DOTALL), f"the steps in their order, with times: {steps}")
    browser.sees('"event_type":"step_start"', "main .step pre[aria-label='Raw events']")
    browser.check("agents")
    # A violation ends the turn, and the reply is the shield's.
    browser.type("Message", "My card is 4111 1111 1111 1111.")
    browser.key("Enter")
    browser.sees(re.compile(r"card\s*message \d+ has a card number"), "main .log > li:last-child .failure")
    browser.sees("I can't go on with this", "main .log > li:last-child .turn.assistant")
    # A tool: whether a model of this size calls it may change with the rounding of an instruction set.
    browser.run("document.querySelector('main section[aria-label=\"New agent\"] details').open = true")
    browser.fill("Id", "adder")
    browser.fill("Instructions", "You calculate with the tool math.")
    for value in ["office", "patterns"]:
        browser.click(f"main input[value={value}]")
    browser.click("main input[value=math]")
    browser.press("Create")
    browser.sees("1 tool, 0 banks, 0 shields")
    browser.wants(browser.run("return arguments[0].value", browser.labelled("Agent")) == "adder", "adder is chosen")
    browser.type("Message", "Compute 17 + 25.")
    browser.key("Enter")
    browser.sees(re.compile(r"\d steps?\s*\d"))
    if "Tools" in browser.text("main .steps"):
        browser.sees(re.compile(r'math with\s+\{\s*"query": "17 \+ 25"\s*\}\s+gave\s+42'), "main .steps")
        browser.check("agents-tools")
    # A tool of the caller's: its call is answered by hand.
    browser.run("document.querySelector('main section[aria-label=\"New agent\"] details').open = true")
    browser.fill("Id", "asker")
    browser.click("main input[value=math]")
    browser.fill("Tools of the caller", '[{"tool_name": "math", "parameters": {"query": "The expression, without words."}}]')
    browser.press("Create")
    browser.sees("1 tool, 0 banks, 0 shields")
    browser.sees("Say something to asker.")
    browser.type("Message", "Compute 17 + 25.")
    browser.key("Enter")
    browser.sees(re.compile(r"\d steps?\s*\d"))
    if "The agent waits for you" in browser.text():
        browser.check("agents-waits")
        browser.type("Result of math", "42")
        browser.press("Send results")
        browser.sees(re.compile(r"math: 42(.|\n)*\d steps?\s*\d"), "main .log > li:last-child")
        browser.sees("42", "main .log > li:last-child .turn.assistant")
    # The URL opens it again.
    browser.open(browser.run("return location.hash"))
    browser.sees("You calculate with the tool math.", "main section[aria-label='Chosen agent']")
    for name in ["asker", "adder", "clerk"]:
        browser.sees(f"{name}", "main .log")
        browser.press("Delete")
        browser.press(f"Delete {name}?")
        browser.sees(f"{name} is deleted.", "#live")
    browser.run("return fetch('memory_banks/drop?bank_uuid=office', {method: 'DELETE'}).then(r => r.status)")
