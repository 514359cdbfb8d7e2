import re


def drive(browser):
    browser.open("#/routes?route=GET%20%2Fhealth%2Flive")
    browser.sees("It takes nothing.")
    browser.press("Send")
    browser.sees('"status": "ok"')
    browser.open("#/routes?route=POST%20%2Finference%2Fchat_completion")
    browser.sees("Answer a dialog.")
    browser.fill("dialog (required)", '{"message": {"role": "user", "content": "What is the capital of France?"}}')
    browser.click("main form details summary")
    browser.fill("max_tokens", "12")
    browser.fill("stream", "true")
    browser.press("Send")
    browser.sees(re.compile(r"\d+ lines"))
    browser.sees('"text_delta"', "main section pre")
    browser.check("routes")
    browser.fill("dialog (required)", "{")
    browser.press("Send")
    browser.sees("dialog is no JSON")
    # Every route has a form.
    count = browser.run("return document.querySelector('main select').options.length")
    for index in range(count):
        name = browser.run(
            "const s = document.querySelector('main select'); s.selectedIndex = arguments[0];"
            "s.dispatchEvent(new Event('change', {bubbles: true})); return s.value", index)
        browser.wants(browser.run("return document.querySelector('main form h2')?.innerText"), f"a form for {name}")
