"""Output that would like to be more than text: the model repeats it, and the page shows it."""

import json
import re

TEXT = (
    "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    "<a href=\"javascript:document.title='taken'\">here</a> [click](javascript:document.title='taken') "
    "![picture](https://elsewhere.example/a.png) &lt;b&gt; \u001b[31mred\u001b[0m \u202etxet\u202c \u2066i\u2069 \u0000\u0007 \u009b2J\n\n"
    "```html\n<svg onload=\"document.title='taken'\"></svg>\n```\n\n| a | <b>b</b> |\n| --- | --- |\n| <i>c</i> | `<u>` |\n\n"
    "> <iframe src=\"https://elsewhere.example\"></iframe>\n\n- <style>*{display:none}</style>\n- [mail](mailto:a@b.example)\n\n**bold** _em_ ~~gone~~")


def say(browser, text):
    browser.fill("Message", text)
    browser.press("Send")
    browser.button("Send")


def drive(browser):
    browser.open("#/chat?model=echo")
    title = browser.run("return document.title")
    say(browser, TEXT)
    browser.wants(browser.run("return document.title") == title, "nothing of the text has run")
    nodes = browser.run(
        "return [...document.querySelectorAll('main .turn :is(script, img, iframe, style, svg, [onerror], [href^=javascript])')]"
        ".map(n => n.outerHTML)")
    browser.wants(nodes == [], f"no such node: {nodes}")
    for wanted in ["<script>", "onerror=", "<style>", "<iframe", "^[[31mred", "\u27e8U+202E\u27e9", "\u27e8U+009B\u27e9"]:
        browser.sees(wanted, "main li.assistant")
    browser.wants(browser.run("return document.querySelector('main li.assistant strong').innerText") == "bold", "markdown is drawn")
    links = browser.run("return [...document.querySelectorAll('main li.assistant a')].map(a => a.href)")
    browser.wants(all(link.startswith(("https:", "mailto:")) for link in links), f"only links to the web: {links}")
    browser.check("hostile")
    # A line of 1 MB, in a paragraph, without a space, and in code.
    for line in ["word " * 200000, "x" * 1000000, "```\n" + "y" * 1000000]:
        browser.press("Clear")
        say(browser, line)
        shown = browser.run("return document.querySelector('main li.assistant .prose').textContent.length")
        wanted = len(line.strip().replace("```\n", ""))
        browser.wants(wanted <= shown <= wanted * 1.01, f"all {wanted} characters, not {shown}")
        browser.wants(browser.run("return document.documentElement.scrollWidth <= innerWidth"), "the line is within the window")
        if " " in line:
            browser.sees(re.compile(r"[\d.]+ tokens/s"), "main li.assistant footer")
    # The same in the other tabs that show what a model says.
    for place, label, run, shown in [
            ("#/batch?model=echo", "Rows", "Run", "main table"), ("#/completion?model=echo", "Text", "Continue", "main .tokens")]:
        browser.expects(400)
        browser.open(place)
        browser.fill(label, json.dumps({"prompt": TEXT}) if label == "Rows" else TEXT)
        browser.press(run)
        browser.sees("^[[31mred", shown)
        browser.sees("\u27e8U+202E\u27e9", shown)
        browser.wants(browser.run("return document.querySelectorAll('main .stack :is(script, img, iframe, style, svg)').length") == 0,
                      "no such node")
        browser.wants(browser.run("return document.title") != "taken", "nothing has run")
    browser.open("#/chat?model=echo")
    say(browser, "The last words.")
    # The page still answers.
    browser.press("Clear")
    browser.sees("Say something to echo.")
