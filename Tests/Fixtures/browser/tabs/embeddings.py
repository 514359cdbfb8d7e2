import re


def drive(browser):
    browser.open("#/embeddings")
    browser.press("Compare")
    browser.sees(re.compile(r"4 vectors of 384 numbers in \d+ ms"))
    browser.sees("Most alike are 1 and 2")
    cells = browser.run("return [...document.querySelectorAll('.matrix tbody tr')].map(r => r.cells[1].innerText)")
    browser.wants(cells[0] == "1.00" and float(cells[1]) > float(cells[2]), f"a text is itself, and near its like: {cells}")
    browser.check("embeddings")
