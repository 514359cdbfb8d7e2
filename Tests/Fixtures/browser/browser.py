"""A headless Chromium, driven over WebDriver's HTTP interface with nothing but the standard library."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Control": "\ue009", "Backspace": "\ue003"}


class Wrong(Exception):
    """What the page shows is not what was wanted."""


class Stale(Wrong):
    """The view was drawn anew, with another element in place of the one that was found."""


class Browser:
    """One window. Use it as a context; `base` is the page's address, with the slash at its end."""

    def __init__(self, base, output, axe=None, trace=None):
        """- trace: categories of the browser's tracing, whose events `traced` gives"""
        self.base, self.output, self.axe, self.trace = base, output, axe, trace
        self.problems = []
        self.expected = set()

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True)
        port = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found[1]
                break
        self.session = f"http://127.0.0.1:{port}"
        options = {
            "args": [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-extensions",
                "--window-size=1280,900", f"--user-data-dir={self.folder}/profile",
                # Nothing but this machine has an address.
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
            **({"perfLoggingPrefs": {"traceCategories": self.trace}} if self.trace else {}),
            "prefs": {"download.default_directory": f"{self.folder}/downloads"},
        }
        answer = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session += f"/session/{answer['sessionId']}"
        return self

    def __exit__(self, *_):
        try:
            self.send("DELETE", "")
        except Exception:  # it is ended below in any case
            pass
        # Chromium is in its group, and leaves when it is told; the driver may hang on one that did not.
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, verb, path, body=None):
        data = None if verb in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            self.session + path, data, {"Content-Type": "application/json"}, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            kind = Stale if value["error"] == "stale element reference" else Wrong
            raise kind(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    # The page

    def open(self, place=""):
        """Goes to a place of the page ("#/chat") and waits until the view is there. The page is loaded anew."""
        self.send("POST", "/url", {"url": "about:blank"})
        self.send("POST", "/url", {"url": self.base + place})
        self.until(lambda: self.run("return document.documentElement.dataset.ready === 'yes'"), "the page is ready")

    def run(self, script, *arguments):
        return self.send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def debug(self, command, **parameters):
        """A command of the debugger's protocol."""
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def text(self, selector="main"):
        """What a reader sees."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def find(self, selector):
        found = self.send("POST", "/elements", {"using": "css selector", "value": selector})
        if not found:
            raise Wrong(f"there is no {selector}")
        return found[0]

    def labelled(self, label):
        """The field of a label, as a person finds it."""
        return self.until(lambda: self.run(
            "return [...document.querySelectorAll('main label')].find(l => l.innerText.trim() === arguments[0])?.control",
            label), f"a field '{label}'")

    def button(self, name, within="main"):
        return self.until(lambda: self.run(
            "return [...document.querySelectorAll(arguments[1] + ' button')]"
            ".find(b => (b.getAttribute('aria-label') ?? b.innerText.trim()) === arguments[0] && !b.disabled)",
            name, within), f"a button '{name}'")

    def act(self, find, action, seconds=30):
        """Acts on an element, and on the one that is there instead where the view was drawn anew in between."""
        end = time.monotonic() + seconds
        while True:
            try:
                return action(find())
            except Stale:
                if time.monotonic() > end:
                    raise

    def click(self, selector):
        self.act(lambda: self.find(selector), self.click_on)

    def press(self, name, within="main"):
        self.act(lambda: self.button(name, within), self.click_on)

    def click_on(self, element):
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        self.send("POST", f"/element/{element[ELEMENT]}/click")

    def type(self, label, text):
        self.act(lambda: self.labelled(label), lambda element: self.send(
            "POST", f"/element/{element[ELEMENT]}/value", {"text": text}))

    def fill(self, label, text):
        """In place of what a field has."""
        self.act(lambda: self.labelled(label), lambda element: self.run(
            "const f = arguments[0]; f.value = arguments[1];"
            "f.dispatchEvent(new Event('input', {bubbles: true})); f.dispatchEvent(new Event('change', {bubbles: true}))",
            element, text))

    def key(self, name):
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": KEYS[name]}, {"type": "keyUp", "value": KEYS[name]}]}]})

    # What is wanted

    def until(self, condition, what, seconds=30):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Wrong(f"not within {seconds} s: {what}; the page says:\n{self.text('body')[-2000:]}")
            time.sleep(0.03)

    def sees(self, wanted, selector="main", seconds=30):
        """Waits until a text, or a match of a compiled pattern, is to be seen."""
        def found():
            text = self.text(selector)
            return wanted in text if isinstance(wanted, str) else wanted.search(text)
        return self.until(found, f"{wanted!r} in {selector}", seconds)

    def wants(self, condition, what):
        if not condition:
            raise Wrong(f"{what}; the page says:\n{self.text()[-2000:]}")

    def shot(self, name):
        os.makedirs(self.output, exist_ok=True)
        with open(f"{self.output}/{name}.png", "wb") as file:
            file.write(base64.b64decode(self.send("GET", "/screenshot")))

    def scheme(self, scheme):
        self.debug("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def width(self, pixels, height=900):
        self.debug(
            "Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False)

    def check(self, name):
        """The view as it is: nothing that axe finds, in light, dark and narrow; a picture of each."""
        for scheme, width in [("light", 1280), ("dark", 1280), ("light", 320)]:
            self.scheme(scheme)
            self.width(width)
            wide = self.run("return document.documentElement.scrollWidth")
            self.wants(wide <= width, f"{name}: {wide} pixels wide in a window of {width}")
            self.shot(f"{name}-{scheme}-{width}")
            for violation in self.violations():
                nodes = "\n    ".join(f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:3])
                self.problems.append(f"{name}, {scheme}, {width}: axe {violation['id']}: {violation['help']}\n    {nodes}")
        self.scheme("light")
        self.width(1280)

    def violations(self):
        if not self.axe:
            return []
        # By the debugger, which the page's policy does not bind: the policy stays.
        if not self.run("return 'axe' in window"):
            self.debug("Runtime.evaluate", expression=self.axe)
        answer = self.debug(
            "Runtime.evaluate", awaitPromise=True, returnByValue=True,
            expression="axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        if "exceptionDetails" in answer:
            raise Wrong(f"axe failed: {answer['exceptionDetails']}")
        return answer["result"]["value"]

    def traced(self):
        """The events of the tracing since it was last asked."""
        messages = [json.loads(entry["message"])["message"] for entry in self.send(
            "POST", "/se/log", {"type": "performance"})]
        return [message["params"] for message in messages if message["method"] == "Tracing.dataCollected"]

    def expects(self, status):
        """The tab makes a request that fails so; the browser's console says it too."""
        self.expected.add(f"the server responded with a status of {status} ")

    def logs(self):
        """Collects what is wrong in the browser's logs: errors of the page, and requests that leave this server."""
        for entry in self.send("POST", "/se/log", {"type": "browser"}):
            is_expected = any(text in entry["message"] for text in self.expected)
            if entry["level"] in ("SEVERE", "WARNING") and not is_expected:
                self.problems.append(f"the console says: {entry['message']}")
        for entry in self.send("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith((self.base, "data:", "blob:" + self.base, "about:", "chrome:")):
                    self.problems.append(f"a request leaves the server: {url}")
        self.expected.clear()


def axe_source():
    """The text of the file that AXE names; None without it."""
    if not os.environ.get("AXE"):
        return None
    with open(os.environ["AXE"], encoding="utf-8") as file:
        return file.read()


def say(line):
    print(line, flush=True)


def end(problems):
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)
