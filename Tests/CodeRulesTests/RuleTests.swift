import Testing

@testable import CodeRules

struct RuleTests {
    private func rules(_ code: String) -> [String] { CodeScanner().findings(inPython: code).map(\.rule) }

    @Test(arguments: CodeRule.all)
    func `a rule finds its example, and not what it says to write instead`(_ rule: CodeRule) {
        #expect(rules(rule.example).contains(rule.id), "\(rule.id): \(rule.example)")
        #expect(rules(rule.instead) == [], "\(rule.id): \(rule.instead)")
    }

    @Test func `every rule has an id of its own, a reason and an example`() {
        #expect(Set(CodeRule.ids).count == CodeRule.ids.count)
        #expect(CodeRule.all.allSatisfy { $0.reason.hasSuffix(".") && !$0.example.isEmpty })
    }

    @Test(arguments: [
        "import pickle as p\np.loads(x)", "from pickle import loads as read\nread(x)",
        "p = __import__('pickle')\np.load(f)",
        "import importlib\np = importlib.import_module('pickle')\np.load(f)", "getattr(pickle, 'loads')(x)",
        "read = pickle.loads\nread(x)", "f'{pickle.loads(x)}'", "print(f'''{f\"{pickle.loads(x)}\"}''')",
        "x = [pickle.loads(y) for y in z", "if a: import pickle as q; q.load(f)",
        "from pickle import (\n  load,\n)\nload(f)",
        "pickle . loads(x)", "pickle.\\\nloads(x)", "r = '\\''; pickle.loads(x)",
    ])
    func `a function is found under every name that the code gives it`(_ code: String) {
        #expect(rules(code) == ["unpickled-data"])
    }

    @Test(arguments: [
        "# pickle.loads(x)", "'pickle.loads(x)'", "\"\"\"\npickle.loads(x)\n\"\"\"", "self.pickle.loads(x)",
        "f'{{pickle.loads(x)}}'", "def eval(self):\n    self.eval()", "model.eval()", "import pickle\npickle.dumps(x)",
        "from . import pickle", "os.system('ls')", "command = 'ls'\nos.system(command)",
        "subprocess.run(['ls', name])", "subprocess.run('ls ' + name)", "re.compile(f'SELECT {x}')",
        "print('Select one from ' + x)", "hashlib.md5(data, usedforsecurity=False)", "os.chmod(p, 0o755)",
        "print('delete from the cache as the first argument')", "torch.load(f, weights_only=True)",
        "app.run(debug=True)", "open('/tmp')", "",
    ])
    func `what only looks like it is not found`(_ code: String) {
        #expect(rules(code) == [])
    }

    @Test func `a finding has the line on which its name stands`() {
        let code = "import os\n'''\n\n'''\nx = f(\n  os.system(a),\n  eval(b))\n"
        #expect(
            CodeScanner().findings(inPython: code) == [
                CodeFinding(rule: "shell-command", line: 6), CodeFinding(rule: "evaluated-text", line: 7),
            ])
    }

    @Test func `a rule that is excluded finds nothing`() {
        let scanner = CodeScanner(excluding: ["evaluated-text"])
        #expect(scanner.findings(inPython: "eval(x); pickle.loads(y)").map(\.rule) == ["unpickled-data"])
    }

    @Test(arguments: [
        "(", "f(", "f'{", "f\"{f'{", "\"\"\"", "'", "a.", "eval(", "import ", "'a' + ", "lambda: ", "{[(",
    ])
    func `code that is long and wrong is read to its end`(_ piece: String) {
        _ = rules(String(repeating: piece, count: 1_000))
        _ = CodeInText.python(in: String(repeating: piece + "\n", count: 1_000))
    }
}
