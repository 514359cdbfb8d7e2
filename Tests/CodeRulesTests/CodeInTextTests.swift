import Testing

@testable import CodeRules

struct CodeInTextTests {
    private func lines(_ text: String) -> [Int] {
        CodeScanner().findings(inPython: CodeInText.python(in: text)).map(\.line)
    }

    @Test(arguments: [
        ("Try this:\n```python\neval(x)\n```\n", [3]),
        ("Try this:\n```\neval(x)\n```\n", [3]),
        ("```{.python .numberLines}\neval(x)", [2]),
        ("~~~py\n```\neval(x)\n~~~", [3]),
        ("1. Run\n   ```text\n   eval(x)\n   ```", [3]),
        ("eval(x)", [1]),
        ("Here it is:\n\nimport os\nos.system(a)\n\nThat's all.", [4]),
        (">>> eval(x)\n2", [1]),
        ("```pycon\n>>> eval(x)\n2\n```", [2]),
        ("q = '''\na b\n''' + eval(x)", [3]),
        ("query = f\"\"\"SELECT * FROM users\nWHERE id = {user}\"\"\"\nprint(query)", [1]),
    ])
    func `code is found with a fence and without`(_ text: String, _ wanted: [Int]) {
        #expect(lines(text) == wanted)
    }

    @Test(arguments: [
        "Don't call eval(x), it is unsafe.", "Use `eval(x)` here", "What does eval(x) do?", "- eval(x)",
        "```js\neval(x)\n```", "```bash\neval $(x)\n```", "Use pickle.loads(x) to read it",
        "The functions are\n* eval(x)\n* exec(y)", "",
    ])
    func `prose and other languages are not code`(_ text: String) { #expect(lines(text) == []) }

    @Test func `lines keep their numbers`() {
        let text = "a b\n```js\n1\n```\r\nx = 1\n```python\ny\n```\nlast words"
        #expect(CodeInText.python(in: text) == "\n\n\n\nx = 1\n\ny\n\n")
    }
}
