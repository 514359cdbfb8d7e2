extension CodeRule {
    private static let runners = ["run", "call", "check_call", "check_output", "Popen", "getoutput"].map {
        "subprocess." + $0
    }
    private static let shells =
        ["os.system", "os.popen", "os.popen2", "os.popen3", "os.popen4", "popen2.*", "commands.getoutput"]
        + ["commands.getstatusoutput", "subprocess.getoutput", "subprocess.getstatusoutput"]
        + ["asyncio.create_subprocess_shell"]
    private static let isShell = Condition("shell", .isOneOf(["true", "1"]))

    static let execution: [CodeRule] = [
        CodeRule(
            "evaluated-text", "It runs text as code: parse it with ast.literal_eval or json instead.",
            example: "total = eval(request.args['sum'])", instead: "total = ast.literal_eval(text)",
            .calls(["eval", "exec", "execfile", "code.InteractiveInterpreter", "code.InteractiveConsole"])),
        CodeRule(
            "shell-command",
            "A shell reads a command that is put together at run time: give a list of arguments, without a shell.",
            example: "import os\nos.system('ping ' + host)", instead: "subprocess.run(['ping', host])",
            .calls(shells, [Condition("cmd", 0, .isDynamic)]),
            .calls(runners, [isShell, Condition("args", 0, .isDynamic)]),
            .calls(["*.exec_command"], [Condition("command", 0, .isDynamic)], with: "paramiko"),
            .calls(["*.invoke_shell"], with: "paramiko")),
        CodeRule(
            "shell-wildcard",
            "The shell writes file names in place of *, and those may read as options: list the files.",
            example: "subprocess.call('chown root *', shell=True)",
            instead: "subprocess.call(['chown', 'root', *names])",
            .calls(shells, [Condition("cmd", 0, .contains(["*"]))]),
            .calls(runners, [isShell, Condition("args", 0, .contains(["*"]))])),
        CodeRule(
            "built-query", "SQL is put together from parts: pass the values as parameters.",
            example: "cursor.execute(f\"SELECT * FROM users WHERE name = '{name}'\")",
            instead: "cursor.execute('SELECT * FROM users WHERE name = ?', [name])",
            .builtQuery,
            .calls(
                ["django.db.models.expressions.RawSQL", "RawSQL", "django.db.models.RawSQL"],
                [Condition("sql", 0, .isDynamic)]),
            .calls(["*.extra"], [Condition("where", 1, .isDynamic)], with: "django"),
            .calls(["*.extra"], [Condition("select", 0, .isDynamic)], with: "django"),
            .calls(["*.extra"], [Condition("tables", 3, .isDynamic)], with: "django")),
        CodeRule(
            "turned-text",
            "Characters that turn the direction of text make the code run otherwise than it reads: remove them.",
            example: "if level != 'none\u{202E}\u{2066}': # admin\u{2069}\n    pass",
            instead: "if level != 'none':\n    pass",
            .turnedText),
    ]

    private static let pickles = ["pickle", "cPickle", "_pickle", "dill", "cloudpickle"].flatMap { module in
        ["load", "loads", "Unpickler"].map { "\(module).\($0)" }
    }

    static let deserialization: [CodeRule] = [
        CodeRule(
            "unpickled-data",
            "The author of the data decides what code runs when it is read: use json, or weights alone.",
            example: "import pickle\nuser = pickle.loads(cookie)", instead: "import json\nuser = json.loads(cookie)",
            .calls(
                pickles + ["marshal.load", "marshal.loads", "joblib.load", "pandas.read_pickle"]
                    + ["shelve.open", "shelve.Shelf", "shelve.DbfilenameShelf", "dill.load_session"]
                    + ["jsonpickle.decode", "jsonpickle.loads", "jsonpickle.unpickler.decode"]
                    + ["jsonpickle.unpickler.Unpickler"]),
            .calls(["torch.load"], [Condition("weights_only", .isNoneOf(["true"]))]),
            .calls(["numpy.load"], [Condition("allow_pickle", 2, .isOneOf(["true"]))])),
        CodeRule(
            "unsafe-yaml", "The loader makes objects of any class: use yaml.safe_load.",
            example: "import yaml\nsettings = yaml.load(text)", instead: "import yaml\nsettings = yaml.safe_load(text)",
            .calls(
                ["yaml.load", "yaml.load_all"],
                [
                    Condition(
                        "Loader", 1,
                        .isNoneOf([
                            "safeloader", "csafeloader", "yaml.safeloader", "yaml.csafeloader", "yaml.baseloader",
                        ]))
                ]),
            .calls(["yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load", "yaml.full_load_all"])),
        CodeRule(
            "xml-entities", "The parser expands entities, which can fill memory or read files: use defusedxml.",
            example: "import xml.etree.ElementTree as ET\ntree = ET.parse(upload)",
            instead: "import defusedxml.ElementTree as ET\ntree = ET.parse(upload)",
            .calls(
                ["xml.etree.ElementTree", "xml.etree.cElementTree", "lxml.etree"].flatMap { module in
                    ["parse", "fromstring", "fromstringlist", "iterparse", "XML", "XMLParser"].map { "\(module).\($0)" }
                }),
            .calls(
                ["xml.dom.expatbuilder", "xml.dom.minidom", "xml.dom.pulldom", "xml.sax"].flatMap { module in
                    ["parse", "parseString", "make_parser"].map { "\(module).\($0)" }
                } + ["xml.sax.expatreader.create_parser", "xml.parsers.expat.ParserCreate"]),
            .imports(["xmlrpc", "xmlrpclib", "SimpleXMLRPCServer", "DocXMLRPCServer"])),
        CodeRule(
            "unpinned-download",
            "What is downloaded can change after it was reviewed: pin the commit by revision.",
            example: "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('org/model')",
            instead:
                "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('org/model', revision=COMMIT)",
            .calls(
                ["*.from_pretrained"], [Condition("revision", .isNoCommit), Condition("", 0, .isRepository)],
                with: "transformers"),
            .calls(
                ["datasets.load_dataset", "huggingface_hub.hf_hub_download", "huggingface_hub.snapshot_download"],
                [Condition("revision", .isNoCommit)])),
    ]
}
