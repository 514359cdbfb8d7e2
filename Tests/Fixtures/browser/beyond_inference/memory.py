import os
import re
import tempfile

NOTES = "Intro.\n\nLogs are kept for thirty days, then deleted.\n\nGrüße aus Köln: the cellar is locked at night.\n<script>alert(1)</script> \u202etxt\n"
PAGE = "# Cats\n\nA kitten **sleeps** on the couch all afternoon.\n"


def drive(browser):
    browser.open("#/memory")
    browser.sees("There is no bank yet.")
    browser.fill("Id", "notes")
    browser.press("Create")
    browser.sees("0 of 0 documents can be found")
    browser.sees("The bank notes is made.", "#live")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "ops.txt"), "w", encoding="utf-8") as file:
            file.write(NOTES)
        browser.fill("Metadata", '{"year": 2024}')
        browser.type("Add documents", file.name)
        browser.sees("1 of 1 document can be found, in 1 chunk.")
    # By drag and drop: the same name replaces the document.
    browser.run(
        "const data = new DataTransfer(); data.items.add(new File([arguments[0]], 'cats.md'));"
        "document.querySelector('main .drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}))", PAGE)
    browser.sees("2 of 2 documents can be found, in 2 chunks.")
    browser.sees(re.compile(r"cats\.md\s+indexed, 1 chunk"))
    browser.type("Query", "How long do we keep logs?")
    browser.key("Enter")
    for title in ["By words", "By meaning", "By both"]:
        browser.sees(re.compile(r"\d chunks?, \d+ ms"), f"main section[aria-label='{title}']")
    browser.wants("words" not in browser.text("main section[aria-label='By meaning'] .figures"), "meaning has no score of words")
    browser.wants(
        browser.run("return document.querySelector(\"[aria-label='By words'] mark\").innerText") == "Logs", "the term is marked")
    browser.press("ops.txt", "main section[aria-label='By both']")
    browser.sees("thirty days", "main section[aria-label='Document'] mark")
    browser.sees("Grüße", "main section[aria-label='Document'] mark")
    # Markup is text, and what would turn the direction is seen.
    browser.sees("<script>alert(1)</script> \u27e8U+202E\u27e9txt", "main section[aria-label='Document'] mark")
    browser.sees("<script>alert(1)</script> \u27e8U+202E\u27e9txt", "main section[aria-label='By words']")
    browser.wants("query=How+long" in browser.run("return location.hash"), "the URL has the query")
    browser.check("memory")
    # Of a document that is read by its type the marks are where the text stands.
    browser.fill("Query", "kitten")
    browser.press("Search")
    browser.press("cats.md", "main section[aria-label='By words']")
    browser.sees("of the text that was read from it", "main section[aria-label='Document']")
    browser.sees("# Cats", "main section[aria-label='Document']")
    # Its URL shows the same.
    hash = browser.run("return location.hash")
    browser.open(hash)
    browser.sees("A kitten sleeps", "main section[aria-label='By meaning']")
    browser.fill("Filter", '{"year": ')
    browser.press("Search")
    browser.sees("The filter is no JSON")
    browser.fill("Filter", '{"year": 2023}')
    browser.press("Search")
    browser.sees("Nothing.", "main section[aria-label='By words']")
    browser.press("Drop")
    browser.press("Drop notes and its documents?")
    browser.sees("There is no bank yet.")
