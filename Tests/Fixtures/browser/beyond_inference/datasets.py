import re

ROWS = """{"question": "Where is my <b>parcel</b>?", "score": 1.5}
{"question": "I was billed twice.", "score": "two"}
{"question": "How do I log in?", "score": 3}
"""


def drive(browser):
    browser.expects(422)
    browser.open("#/datasets")
    browser.sees("None yet.")
    browser.fill("Id", "parcels")
    browser.fill("Rows", ROWS)
    browser.wants('"score": "json"' in browser.run(
        "return [...document.querySelectorAll('main label')].find(l => l.innerText === 'Columns').control.value"),
        "columns are found in the rows")
    browser.fill("Columns", '{"question": "text", "score": "number"}')
    browser.press("Register")
    browser.sees("row 2, line 2: column 'score' must be a number, got a string")
    browser.sees('I was billed twice.", "score": "two"', "main section[aria-label='Where it is'] mark")
    browser.check("datasets-mistake")
    browser.fill("Rows", ROWS.replace('"two"', "2"))
    browser.press("Register")
    browser.sees("3 rows, 2 columns")
    browser.sees(re.compile(r"score\s+number\s+values 3\s*missing 0\s*distinct 3\s*range 1\.5 to 3, median 2, mean 2\.167"))
    browser.sees("Where is my <b>parcel</b>?", "main [aria-label='Rows']")
    browser.sees("parcels is registered.", "#live")
    browser.check("datasets")
    browser.open(browser.run("return location.hash"))
    browser.sees("3 rows, 2 columns")
    # CSV: with a quoted line break, and a field that is empty.
    browser.fill("Id", "table")
    browser.fill("Rows", 'name,age\n"Ada\nLovelace",36\n"say ""hi""",\n')
    browser.press("Register")
    browser.sees("2 rows, 2 columns")
    browser.sees(re.compile(r"age\s+number, nullable\s+values 1\s*missing 1"))
    browser.sees('say "hi"', "main [aria-label='Rows']")
    for name in ["parcels", "table"]:
        browser.press(name, "main section[aria-label='Known datasets']")
        browser.sees(name, "main section[aria-label='Dataset'] h2")
        browser.press("Delete")
        browser.press(f"Delete {name}?")
        browser.sees(f"{name} is deleted.", "#live")
    browser.sees("None yet.")
