"""Everything by keys alone: the skip link, the navigation, a message, and a view that takes the focus."""


def focused(browser):
    return browser.run("const e = document.activeElement; return e.id || e.tagName")


def drive(browser):
    browser.open("#/chat?model=echo")
    browser.key("Tab")
    browser.wants(focused(browser) == "skip", f"the first key leads past the navigation, not to {focused(browser)}")
    browser.wants(browser.run("return document.activeElement.getBoundingClientRect().left >= 0"), "it is to be seen")
    browser.key("Enter")
    browser.wants(focused(browser) == "main", f"then the content has the focus, not {focused(browser)}")
    browser.wants(browser.run("return location.hash") == "#/chat?model=echo", "the view's URL stays")
    # From the content on, each thing that can be used has a focus that is seen.
    seen = []
    while "TEXTAREA" not in seen:
        browser.key("Tab")
        outline = browser.run("const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth")
        browser.wants(outline == "solid2px", f"the focus of {focused(browser)} is seen: {outline}")
        seen.append(browser.run("return document.activeElement.tagName"))
        browser.wants(len(seen) < 20, f"the message is soon reached: {seen}")
    browser.send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
        {"type": kind, "value": letter} for letter in "By keys." for kind in ("keyDown", "keyUp")]}]})
    browser.key("Enter")
    browser.sees("By keys.", "main li.assistant")
    browser.run("document.getElementById('tab-stack').focus()")
    browser.key("Enter")
    browser.sees("What this server runs")
    browser.until(lambda: focused(browser) == "main", "the new view has the focus")
    browser.wants(browser.run("return document.querySelector('#tabs [aria-current=page]').id") == "tab-stack", "its tab is marked")
