import re


def drive(browser):
    browser.open("#/rewards")
    browser.fill("Prompt", "Name a bird.")
    browser.fill("Candidates", "A gull.\n\nI don't know.\n\nA penguin is a bird\nthat swims.")
    browser.press("Rank")
    browser.sees(re.compile(r"3 candidates, \d"))
    scores = [float(text) for text in browser.run("return [...document.querySelectorAll('main .ranked strong')].map(n => n.innerText)")]
    browser.wants(len(scores) == 3 and scores == sorted(scores, reverse=True), f"the best is the first: {scores}")
    browser.sees("A penguin is a bird\nthat swims.", "main .ranked")
    best = browser.run("return document.querySelector('main .ranked .raw').innerText")
    browser.sees(f"The best: {best}"[:40].split("\n")[0], "#live")
    browser.check("rewards")
    browser.open(browser.run("return location.hash"))
    browser.press("Rank")
    browser.sees("3 candidates")
