"""The playground behind nginx, below a path: everything that it asks for is relative.

    behind_proxy.py BINARY OUTPUT
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from browser import Browser, Wrong, axe_source, end, say

DISTRIBUTION = """version: 1
name: behind
server: {port: 0, path_prefix: /llama, allowed_hosts: ["127.0.0.1:PORT"]}
providers:
  inference:
    - {provider_id: echo, provider_type: inline::echo}
models:
  - {model_id: echo, provider_id: echo}
"""
NGINX = """daemon off; pid FOLDER/pid; error_log FOLDER/error.log; worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
  proxy_set_header Host $http_host;
  server {
    listen 127.0.0.1:PORT;
    location /llama { proxy_pass http://127.0.0.1:SERVER; }
    location /tools/ai/ { proxy_pass http://127.0.0.1:SERVER/llama/; }
  }
}
"""


def main():
    binary, output = sys.argv[1:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    problems = []
    with tempfile.TemporaryDirectory(prefix="proxy-") as folder:
        os.chmod(folder, 0o755)
        write(f"{folder}/dist.yaml", DISTRIBUTION.replace("PORT", str(port)))
        server = subprocess.Popen(
            [binary, "run", f"{folder}/dist.yaml"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = server.stdout.readline().split()[1].rsplit(":", 1)[1].split("/")[0]
        write(f"{folder}/nginx.conf", NGINX.replace("FOLDER", folder).replace("PORT", str(port)).replace("SERVER", address))
        nginx = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/llama/health/ready")
            for path, page in [("llama", "/llama/"), ("tools/ai/", "/tools/ai/")]:
                with Browser(f"http://127.0.0.1:{port}/", output, axe_source()) as browser:
                    try:
                        drive(browser, path, page)
                    except Wrong as wrong:
                        problems.append(f"{page}: {wrong}")
                    # All that it asked for is below the page, but for the address without a slash.
                    browser.base += path
                    browser.logs()
                    problems += browser.problems
                    say(f"{page}: {'wrong' if problems else 'ok'}")
        finally:
            nginx.terminate()
            server.terminate()
            nginx.wait(30)
            server.wait(30)
    end(problems)


def drive(browser, path, page):
    browser.open(path + "#/chat?model=echo")
    browser.wants(browser.run("return location.pathname") == page, f"the page is at {page}")
    browser.type("Message", "Said behind a proxy.")
    browser.key("Enter")
    browser.sees("Said behind a proxy.", "main li.assistant")
    for tab, wanted in [("stack", "path_prefix: /llama"), ("routes", "Create an agent."), ("embeddings", "Compare")]:
        browser.click(f"#tab-{tab}")
        browser.sees(wanted)
    # An API that is not served: what would bring it.
    browser.click("#tab-datasets")
    browser.sees("behind does not serve datasets")
    browser.sees("datasets:\n    - {provider_id: files, provider_type: inline::file}")
    browser.check("missing")


def wait_for(url):
    end_time = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url).read()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end_time:
                raise
            time.sleep(0.05)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
