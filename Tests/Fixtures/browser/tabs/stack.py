def drive(browser):
    browser.open("#/stack")
    for wanted in ["ready", "inference", "inline::cpu", "running", "libprovider-inference-cpu.so", "smollm", "completion"]:
        browser.sees(wanted)
    browser.sees("context_tokens_max: 2048", "main pre")
    browser.sees('state: "***"', "main pre")
    browser.wants("hunter2" not in browser.run("return document.documentElement.innerHTML"), "no secret is shown")
    browser.wants("hunter2" not in browser.run(
        "const r = new XMLHttpRequest(); r.open('GET', 'ui/stack.json', false); r.send(); return r.responseText"),
        "no secret is sent")
    browser.press("Refresh")
    browser.check("stack")
    browser.click("a[href*='health%2Flive']")
    browser.sees("The process answers.")
