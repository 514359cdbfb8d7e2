import Foundation
import Testing

@testable import ChatTemplates

/// Templates written to hurt: each ends in text or in a `TemplateError`, on a small stack.
///
/// How soon is a matter of the machine: what ends a template is a count of steps, and these tests look whether it does.
/// A debug build runs some twenty times slower; it gets a twentieth of the steps.
struct HostileTemplateTests {
    /// Longer than any machine takes for the steps that are allowed.
    static let patienceSeconds = 60.0
    static var limits: TemplateLimits {
        var limits = TemplateLimits()
        #if DEBUG
        limits.stepsMax /= 20
        #endif
        return limits
    }

    struct Outcome: Sendable {
        var text: String?
        var error: TemplateError?
        var hasEnded = true
        /// Of the thread's own.
        var milliseconds = 0.0
    }

    /// Compiles and renders on a thread whose stack is as small as any that Foundation makes.
    static func outcome(_ source: String, _ variables: TemplateMap = [:]) -> Outcome {
        final class Box: @unchecked Sendable { var outcome = Outcome() }
        let box = Box()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            let start = threadMilliseconds()
            do {
                box.outcome.text = try Template(source, limits: limits).render(variables, today: someDay).text
            } catch let error as TemplateError {
                box.outcome.error = error
            } catch {}
            box.outcome.milliseconds = threadMilliseconds() - start
            done.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        // Without a limit it would go on: the box is its thread's then.
        guard done.wait(timeout: .now() + patienceSeconds) == .success else { return Outcome(hasEnded: false) }
        return box.outcome
    }

    static func nested(_ open: String, _ close: String, _ count: Int) -> String {
        String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
    }

    static let endless: [(String, String)] = [
        ("a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
        (
            "macros that call each other",
            "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"
        ),
        (
            "a caller that calls its macro",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}"
        ),
        (
            "deep calls in a macro that calls itself",
            "{% macro m(v) %}{{ \(nested("v|replace('a', ", ")", 25).replacing("1", with: "m(v)|tojson")) }}{% endmacro %}{{ m(\(nested("[", "]", 55))) }}"
        ),
        (
            "calls inside calls through macros",
            "{% macro m(v) %}{{ \(nested("m(v)[0:", "]", 25)) }}{% endmacro %}{{ m('a') }}"
        ),
        ("map of map of map", "{{ 'a'|map(\(String(repeating: "'map', ", count: 5000))'upper')|list }}"),
        (
            "a call block that calls itself",
            "{% macro m() %}{% call m() %}{{ caller }}{{ m() }}{% endcall %}{% endmacro %}{{ m() }}"
        ),
        (
            "a recursive loop that calls itself",
            "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}"
        ),
        (
            "a recursive loop inside a recursive loop",
            "{% macro m() %}{% for a in [1] recursive %}{{ m() }}{{ loop([m()]) }}{% endfor %}{% endmacro %}{{ m() }}"
        ),
        ("a recursive loop over ever more", "{% for a in range(9) recursive %}{{ loop(range(9)) }}{% endfor %}"),
        ("150 nested parentheses", "{{ \(nested("(", ")", 150)) }}"),
        ("150 nested lists", "{{ \(nested("[", "]", 150)) }}"),
        ("150 nested calls", "{{ \(nested("f(", ")", 150)) }}"),
        ("150 nested ifs", "\(nested("{% if 1 %}", "{% endif %}", 150))"),
        ("60,000 open parentheses", "{{ \(String(repeating: "(", count: 60_000))"),
        ("10,000 nested subscripts", "{{ \(String(repeating: "a[", count: 10_000))"),
        ("inline ifs inside each other", "{{ \(String(repeating: "1 if 0 else ", count: 10_000)) 1 }}"),
        ("range(25000) twice", "{% for a in range(25000) %}{% for b in range(25000) %}{% endfor %}{% endfor %}"),
        ("a range too long", "{% for a in range(1000000000) %}{% endfor %}"),
        (
            "a text that doubles",
            "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
        ),
        (
            "a list that doubles",
            "{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
        ),
        ("a text multiplied", "{{ 'x' * 1000000000 }}"),
        ("a text multiplied twice", "{% for a in range(90000) %}{% set x = 'xyz' * 300000 %}{% endfor %}"),
        ("a list multiplied", "{{ [1] * 1000000000 }}"),
        (
            "a list in a list in a list",
            "{% set ns = namespace(l=[]) %}{% for a in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}"
        ),
        (
            "a dict in a dict",
            "{% set ns = namespace(l={}) %}{% for a in range(90000) %}{% set ns.l = {'k': ns.l} %}{% endfor %}"
        ),
        (
            "loops kept in loops",
            "{% set ns = namespace(l=[]) %}{% for a in range(9000) %}{% for b in [ns.l] %}{% set ns.l = loop %}{% endfor %}{% endfor %}"
        ),
        (
            "methods kept in methods",
            "{% set ns = namespace(l=[1]) %}{% for a in range(9000) %}{% set ns.l = [ns.l.index] %}{% endfor %}"
        ),
        ("a replace that explodes", "{{ ('x' * 100000)|replace('', 'y' * 100000) }}"),
        ("a join that explodes", "{{ range(50000)|join('z' * 100000) }}"),
        ("a centre too wide", "{{ 'x'|center(99999999999) }}"),
        ("an indent too wide", "{{ ('a\\n' * 100000)|indent('x' * 100000) }}"),
        ("a format too long", "{% set x = 'x' * 100000 %}{{ ('%s' * 12)|format(x, x, x, x, x, x, x, x, x, x, x, x) }}"),
        ("tojson of much", "{{ (['x' * 1000] * 50000)|tojson }}"),
        ("tojson with a wide indent", "{{ [[[[1]]]]|tojson(indent='x' * 1000000) }}"),
        ("output without end", "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}"),
        ("a sum of lists", "{{ ([['x'] * 9999] * 9999)|sum(start=[]) }}"),
        ("a long text printed", "{% for a in range(99) %}{% set x = ('a ' * 400000)|pprint %}{% endfor %}"),
        (
            "lists in lists printed",
            "{% set ns = namespace(l=['x' * 9999]) %}{% for a in range(90) %}{% set ns.l = [ns.l] %}{% endfor %}"
                + "{% for a in range(9999) %}{% set x = ns.l|pprint %}{% endfor %}"
        ),
        ("many links", "{% for a in range(99) %}{% set x = ('a.com ' * 100000)|urlize %}{% endfor %}"),
        ("brackets around an address", "{% for a in range(99) %}{% set x = ('(' * 900000)|urlize %}{% endfor %}"),
        ("a word wrapped at each letter", "{% set t = 'a' * 900000 %}{{ t|wordwrap(1) }}"),
        (
            "words split from the end",
            "{% set t = 'a ' * 400000 %}{% for a in range(99) %}{% set x = t.rsplit(none, 90000) %}{% endfor %}"
        ),
        ("wide formats", "{% for a in range(90000) %}{% set x = '{:99999}{:99999}'.format(1, 2) %}{% endfor %}"),
        (
            "loop.changed of lists that double",
            "{% set ns = namespace(l=[1]) %}{% for a in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}"
                + "{% for a in [1, 2] %}{{ loop.changed(ns.l) }}{% endfor %}"
        ),
        (
            "keys of tuples that double",
            "{% set ns = namespace(l=(1,)) %}{% for a in range(40) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}"
                + "{{ ns.l == ns.l }}{{ [ns.l, ns.l]|unique|list|length }}"
        ),
        (
            "texts searched again and again",
            "{% set t = 'a' * 500000 %}{% for a in range(90000) %}{{ 'ab' in t }}{% endfor %}"
        ),
        ("big lists compared", "{% set l = range(90000)|list %}{% for a in l %}{{ l == l }}{% endfor %}"),
        ("unique of much", "{{ range(90000)|unique|list|length }}"),
        ("sorting again and again", "{% for a in range(90000) %}{% set x = range(9000)|sort %}{% endfor %}"),
        ("slices of much", "{% set t = 'ab' * 400000 %}{% for a in range(90000) %}{% set x = t[::-1] %}{% endfor %}"),
        (
            "a namespace of many names",
            "{% set ns = namespace() %}{% for a in range(90000) %}{% set x = namespace(dict(range(300)|map('string')|map('list'))) %}{% endfor %}"
        ),
        (
            "many macros",
            "{% for a in range(99999) %}{% for b in range(99) %}{% macro m() %}{% endmacro %}{% endfor %}{% endfor %}"
        ),
        (
            "nested brackets in a string source",
            "{{ '\(String(repeating: "{{", count: 1000))' }}{{ \(String(repeating: "-", count: 60_000)) 1 }}{% for a in range(99999) %}{% for b in range(99) %}{% endfor %}{% endfor %}"
        ),
    ]

    @Test("a template that would not end is ended by a limit", arguments: endless.indices)
    func ends(index: Int) {
        let (name, source) = Self.endless[index]
        let outcome = Self.outcome(source)
        // "a namespace of many names" feeds dict what is no pair: an error, not a limit, ends it.
        if name == "a namespace of many names" {
            #expect(outcome.error != nil)
        } else {
            #expect(outcome.error?.code == "template_limit", "\(name): \(outcome.error?.description ?? "rendered")")
        }
        #expect(outcome.hasEnded, "\(name)")
    }

    @Test(
        "operations at the edge of their numbers are errors or values, never traps",
        arguments: [
            "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ 9223372036854775807 * 2 }}",
            "{{ (-9223372036854775807 - 1) // -1 }}", "{{ (-9223372036854775807 - 1) % -1 }}",
            "{{ (-9223372036854775807 - 1)|abs }}",
            "{{ -(-9223372036854775807 - 1) }}", "{{ 2 ** 63 }}", "{{ 2 ** 9223372036854775807 }}",
            "{{ 99999999999999999999 }}",
            "{{ 'abc'[9223372036854775807:] }}", "{{ 'abc'[-9223372036854775807 - 1:] }}",
            "{{ 'abc'[::9223372036854775807] }}",
            "{{ 'abc'[::-9223372036854775807 - 1] }}", "{{ 'abc'[9223372036854775807] }}",
            "{{ [1][-9223372036854775807 - 1] }}",
            "{{ range(9223372036854775806, 9223372036854775807, 5)|list }}",
            "{{ range(-9223372036854775807, 9223372036854775807) }}",
            "{{ range(0, 1, -9223372036854775807 - 1)|list }}", "{{ 1e308 * 10 }}", "{{ (1e308 * 10)|int }}",
            "{{ (1e308 * 10)|round(2) }}",
            "{{ 1.5|round(9223372036854775807) }}", "{{ 1.5|round(-9223372036854775807) }}",
            "{{ 'x'.center(-9223372036854775807 - 1) }}",
            "{{ 'x' * -9223372036854775807 }}", "{{ 'a b'.split(none, 9223372036854775807) }}",
            "{{ 'a b'.rsplit(' ', 0) }}",
            "{{ [1]|batch(9223372036854775807)|list }}", "{{ [1]|slice(9223372036854775807)|list }}",
            "{{ 'x'|truncate(9223372036854775807) }}",
            "{{ 'xxxxxxxxx'|truncate(3, true, '...', 9223372036854775807) }}", "{{ 'x'|indent(-9223372036854775807) }}",
            "{{ [1]|tojson(indent=9223372036854775807) }}", "{{ '%.99999999999f' % 1.0 }}", "{{ '%' % 1 }}",
            "{{ '%s %s' % 1 }}",
            "{{ '{' .format(1) }}", "{{ '{99999999999999999999}'.format(1) }}", "{{ 5 is divisibleby 0 }}",
            "{{ 'x'.zfill(-5) }}",
            "{{ ''|first|upper }}", "{{ '\\ud800' }}", "{{ '\\xzz' }}", "{{ '\\", "{{ 1__0 }}", "{{ 1.e5 }}",
            "{{ 1e }}", "{%", "{{", "{#", "{%-", "{{ loop.cycle() }}",
            "{% for a in 'abc' %}{{ loop.cycle() }}{% endfor %}", "{{ strftime_now('%') }}", "{{ strftime_now('%-') }}",
            "{{ strftime_now(5) }}",
            "{{ raise_exception() }}", "{% set ns.x = 1 %}",
            "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns.x.x.x }}{{ ns }}",
            "{{ namespace(a=1) == namespace(a=1) }}", "{{ [loop] }}", "{{ caller() }}", "{{ dict(5) }}",
            "{{ dict([[1]]) }}", "{{ {[]: 1} }}",
        ])
    func edges(source: String) {
        let outcome = Self.outcome(source)
        #expect((outcome.text != nil) != (outcome.error != nil), "\(source)")
    }

    @Test("200 random hostile templates end")
    func random() {
        let seed: UInt64 = 20_260_301
        print("hostile templates: seed \(seed)")
        var random = SplitMix(state: seed)
        var slowest = 0.0
        for _ in 0..<200 {
            let source = Self.hostile(&random, depth: 0)
            let outcome = Self.outcome(source, ["messages": [["role": "user", "content": "hi"]]])
            #expect((outcome.text != nil) != (outcome.error != nil), "\(source.prefix(300))")
            #expect(outcome.hasEnded, "\(source.prefix(300))")
            slowest = max(slowest, outcome.milliseconds)
        }
        print("hostile templates: slowest \(Int(slowest)) ms")
    }

    struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// Loops, macros and blow-ups put together at random, some of them cut short.
    static func hostile(_ random: inout SplitMix, depth: Int) -> String {
        let count = ["9", "300", "25000", "99999", "9223372036854775807"].randomElement(using: &random) ?? "9"
        if depth > 5 { return "{{ 'x' * \(count) }}" }
        var inner = ""
        for _ in 0..<Int.random(in: 1...2, using: &random) { inner += hostile(&random, depth: depth + 1) }
        let filters = [
            "upper", "replace('', 'yy')", "list", "tojson", "reverse", "indent", "title", "trim", "sort", "unique|list",
            "join('--')", "center(9999)", "string", "items", "map('upper')|list", "batch(2)|list",
        ]
        let chain = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            filters.randomElement(using: &random) ?? "list"
        }
        var source =
            switch Int.random(in: 0..<9, using: &random) {
            case 0: "{% for a in range(\(count)) %}\(inner){% endfor %}"
            case 1: "{% macro m\(depth)() %}\(inner){{ m\(depth)() }}{% endmacro %}{{ m\(depth)() }}"
            case 2: "{% set x = 'ab' * \(count) %}{{ x|\(chain.joined(separator: "|")) }}\(inner)"
            case 3:
                "{% set ns = namespace(v=['a']) %}{% for a in range(\(count)) %}{% set ns.v = ns.v + [ns.v] %}\(inner){% endfor %}"
            case 4: "{% set x %}\(inner){% endset %}{% for c in x %}{{ x|\(chain.joined(separator: "|")) }}{% endfor %}"
            case 5: "{{ \(nested("(", ")", Int.random(in: 1...150, using: &random))) }}\(inner)"
            case 6: "{% if messages[0].content in 'hi' * \(count) %}\(inner){% endif %}"
            case 7: "{% filter \(chain.joined(separator: "|")) %}\(inner){% endfilter %}"
            default: "{{ range(\(count))|\(chain.joined(separator: "|")) }}\(inner)"
            }
        if depth == 0, Int.random(in: 0..<6, using: &random) == 0 {
            source = String(source.prefix(Int.random(in: 1...max(1, source.count), using: &random)))
        }
        return source
    }

    @Test("the deepest template that is allowed runs on a small stack")
    func deepest() {
        let blocks = Self.nested("{% if 1 %}", "{% endif %}", 60)
        #expect(Self.outcome(blocks).text == "1")
        #expect(Self.outcome("{{ \(Self.nested("(", ")", 60)) }}").text == "1")
        #expect(Self.outcome("{{ \(Self.nested("[", "]", 60)) }}").text?.count == 121)
        #expect(Self.outcome("{{ \(Self.nested("('a' ~ ", ")", 30)) }}").text?.count == 31)
        #expect(Self.outcome("{{ \(Self.nested("'a'|replace('a', ", ")", 30)) }}").text == "1")
        #expect(Self.outcome("{{ \(Self.nested("[", "]", 60))|tojson }}").text?.count == 121)
        #expect(
            Self.outcome("{{ \(Self.nested("{'k': ", "}", 60))|string == \(Self.nested("{'k': ", "}", 60))|string }}")
                .text == "True")
        #expect(Self.outcome("{{ \(Self.nested("[", "]", 60)) == \(Self.nested("[", "]", 60)) }}").text == "True")
        #expect(
            Self.outcome("{% macro m(n) %}{% if n > 0 %}{{ '-' ~ m(n - 1) }}{% endif %}{% endmacro %}{{ m(20) }}").text?
                .count == 20)
    }

    @Test("a source that is too long is refused")
    func source() {
        #expect(Self.outcome(String(repeating: "x", count: 300_000)).error?.code == "template_limit")
    }
}

private func threadMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
}
