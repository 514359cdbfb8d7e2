extension CodeRule {
    private static let safeNames = ["mark_safe", "SafeText", "SafeUnicode", "SafeString", "SafeBytes"].flatMap {
        ["django.utils.safestring.\($0)", "django.utils.html.\($0)"]
    }

    static let web: [CodeRule] = [
        CodeRule(
            "unescaped-page", "Text of others becomes HTML, and its scripts run in the reader's browser: escape it.",
            example: "import jinja2\njinja2.Environment(loader=loader)",
            instead: "import jinja2\njinja2.Environment(loader=loader, autoescape=True)",
            .calls(
                ["jinja2.Environment", "jinja2.environment.Environment"],
                [
                    Condition("autoescape", .isNoneOf(["true"])),
                    Condition("autoescape", .isNotCallTo("select_autoescape")),
                ]),
            .calls(
                ["mako.template.Template", "mako.lookup.TemplateLookup"],
                [Condition("default_filters", .isNoneOf([]))]),
            .calls(
                safeNames + [
                    "markupsafe.Markup", "flask.Markup", "webhelpers.html.literal", "webhelpers2.html.literal",
                ],
                [Condition("s", 0, .isDynamic)]),
            .calls(["flask.render_template_string"], [Condition("source", 0, .isDynamic)])),
        CodeRule(
            "web-debugger", "The debugger of the server runs the code of any visitor: leave debug off.",
            example: "from flask import Flask\napp.run(debug=True)", instead: "from flask import Flask\napp.run()",
            .calls(["*.run", "*.run_simple"], [Condition("debug", .isOneOf(["true"]))], with: "flask"),
            .calls(["werkzeug.serving.run_simple"], [Condition("use_debugger", .isOneOf(["true"]))])),
        CodeRule(
            "cgi-proxy", "A visitor's Proxy header becomes HTTP_PROXY, and directs the program's requests: use WSGI.",
            example: "import wsgiref.handlers\nwsgiref.handlers.CGIHandler().run(app)",
            instead: "from wsgiref.simple_server import make_server\nmake_server('127.0.0.1', 80, app)",
            .mentions(["wsgiref.handlers.CGIHandler", "twisted.web.twcgi.*"])),
        CodeRule(
            "opened-url", "The address may be a file of this machine: check that it begins with https://.",
            example: "import urllib.request\nurllib.request.urlopen(address)",
            instead: "import urllib.request\nurllib.request.urlopen('https://example.org/')",
            .calls(
                ["urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.urlopen", "urllib.urlretrieve"]
                    + ["urllib2.urlopen"], [Condition("url", 0, .isNotWeb)]),
            .calls(["URLopener", "FancyURLopener"].flatMap { ["urllib.request.\($0)", "urllib.\($0)"] })),
        CodeRule(
            "logged-configuration",
            "The thread that listens evaluates the settings that it is sent: read them from a file.",
            example: "import logging.config\nlogging.config.listen(9999)",
            instead: "import logging.config\nlogging.config.fileConfig(path)",
            .calls(["logging.config.listen"], [Condition("verify", 1, .isNoneOf([]))])),
    ]

    static let files: [CodeRule] = [
        CodeRule(
            "temporary-name", "Another user can put a file or a link in its place: use the tempfile module.",
            example: "import tempfile\nname = tempfile.mktemp()",
            instead: "import tempfile\nfile = tempfile.TemporaryFile()",
            .calls(["tempfile.mktemp", "os.tempnam", "os.tmpnam"]),
            .calls(
                ["open", "io.open", "os.open"], [Condition("file", 0, .begins(["/tmp/", "/var/tmp/", "/dev/shm/"]))])),
        CodeRule(
            "open-permissions", "Every user of the machine may change the file: give 0o600 or 0o700.",
            example: "import os\nos.chmod(path, 0o777)", instead: "import os\nos.chmod(path, 0o600)",
            .calls(["os.chmod", "os.fchmod", "os.lchmod"], [Condition("mode", 1, .isOpenMode)]),
            .calls(["*.chmod"], [Condition("mode", 0, .isOpenMode)], with: "pathlib"),
            .calls(["os.umask"], [Condition("mask", 0, .isOneOf(["0", "0o0", "0o000"]))])),
        CodeRule(
            "unpacked-archive", "Names like ../ in the archive write outside the folder: give filter='data'.",
            example: "import tarfile\ntarfile.open(path).extractall()",
            instead: "import tarfile\ntarfile.open(path).extractall(filter='data')",
            .calls(
                ["*.extractall"], [Condition("filter", .isNoneOf(["data"]))], with: "tarfile"),
            .calls(["shutil.unpack_archive"], [Condition("filter", .isNoneOf(["data"]))])),
    ]
}
