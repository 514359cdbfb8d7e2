import json

# With the system's text every instruction set has the same answer.
MESSAGES = json.dumps({"messages": [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "What is the capital of France?"}]})


def drive(browser):
    browser.open("#/batch?max_tokens=12")
    browser.fill("Rows", MESSAGES + '\nWhat is the capital of Spain?\n{"prompt": "What is the capital of Italy?"}')
    browser.press("Run")
    browser.sees("3 rows in")
    browser.sees("Paris", "main table")
    browser.sees("Italy", "main table tbody tr:last-child")
    browser.sees("finished_ok", "main table")
    browser.button("Save as JSON Lines")
    browser.check("batch")
    browser.fill("Rows", '{"prompt": 1}')
    browser.press("Run")
    browser.sees('Line 1 has neither "prompt" nor "messages".')
