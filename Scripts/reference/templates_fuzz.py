"""Writes small Jinja snippets with what jinja2 makes of them, as data for the tests.

Run: python Scripts/reference/templates_fuzz.py OUT.json
Each case is a source and either the text or the fact that jinja2 refuses it.  The seed is fixed.
"""

import json
import random
import re
import sys

import jinja2
from templates import environment

CONTEXT = {
    "a": 7, "b": -3, "f": 2.5, "t": True, "n": None, "s": "Hello, World", "u": "h\u00e9llo \u4e16\u754c \U0001f600",
    "w": "  two  words \n", "e": "", "l": [3, 1, 2], "m": ["b", "A", "c", "a"], "d": {"x": 1, "y": "why", "z": [1, {"q": None}]},
    "msgs": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo", "extra": {"k": 3}}, {"role": "user", "content": "<b>"}],
    "nested": [[1, 2], [3, [4, "five"]], []],
}

EXPRESSIONS = r"""
a + b
a - b * 2
a / 2
a // 2
b // 2
a % 3
b % 5
b % -5
a ** 2
2 ** -1
-a ** 2
f * 2
f // 2
-f % 2
7.0 / 2
1e3
1.5e-7
1e16
1e15 + 0.5
100000000000000000.0
0.1 + 0.2
a ~ b ~ f ~ t ~ n ~ s
1 ~ 2 + 3
"x" * 3
[1] * 2
t + 1
a > b > -10
1 < 2 < 2
1 == 1.0 == true
"a" < "b"
[1, 2] < [1, 3]
a if t else b
a if not t
"x" if n else "y" if e else "z"
n or e or "last"
a and s and 0
not n
not not a
not a == 7
a is odd and b is odd
s[0]
s[-1]
s[1:5]
s[::-1]
s[-5:]
s[:100]
s[5:1]
s[::2]
s[10:2:-3]
u[1:3]
u[::-1]
u[-1]
u|length
l[0]
l[-1]
l[::-1]
l[1:]
l[:-1]
l[5:]
l[5]
nested[1][1][1]
d.x
d["y"]
d.z[1].q
d.missing
d["missing"]|default("none")
d.get("x")
d.get("nope", "dflt")
d.get("nope")
d.items()|list
d.keys()|list
d.values()|list
d|items|list
d
l
nested
msgs
(1, 2)
(1,)
()
{"a": 1, "b": [true, none]}
{}
[]
"it's"
["it's", 'say "x"', "both ' \""]
["\n\t\\", "\x00", "\u00e9", "\u200b"]
{1: 2, "a": 1.5}
s|upper
s|lower
"hello world-foo bar"|title
"they're bill's"|title
"they're bill's".title()
"hELLO wORLD"|capitalize
"hELLO".capitalize()
"hELLO".swapcase()
u|upper
"stra\u00dfe"|upper
w|trim
w.strip()
w.lstrip()
w.rstrip()
"xxhixx".strip("x")
"xyhixy".lstrip("yx")
"[a]"|trim("[]")
w.split()
"a,b,,c".split(",")
"a,b,c".split(",", 1)
"a,b,c".rsplit(",", 1)
" a  b ".split(" ")
"a b  c d".split(None, 2)
"one\ntwo\r\nthree\n".splitlines()
s.startswith("Hello")
s.endswith(("x", "World"))
s.find("o")
s.rfind("o")
s.find("zzz")
s.count("l")
s.replace("l", "L")
s.replace("l", "L", 1)
"abc".replace("", "-")
s|replace("World", "You")
"aaa"|replace("a", "b", 2)
", ".join(m)
m|join
m|join(", ")
l|join("-")
msgs|join("/", attribute="role")
"a-b-c".partition("-")
"a-b-c".rpartition("-")
"abc".partition("x")
"42".zfill(5)
"-42".zfill(5)
"ab".ljust(5) ~ "|"
"ab".rjust(5) ~ "|"
"ab".center(5) ~ "|"
"abc".center(6) ~ "|"
"prefix-x".removeprefix("prefix-")
"x.txt".removesuffix(".txt")
"123".isdigit()
"12a".isalnum()
"abc".isalpha()
"".isalpha()
"ABC".isupper()
" \t".isspace()
"{} and {}".format(1, "two")
"{0}{1}{0} {k}".format("a", "b", k=3)
"%s is %d and %s" % ("x", 5, none)
"%s" % a
"%.2f" % f
"%s-%s"|format("a", 1)
s|length
l|length
d|length
missing|length
missing
missing|default("d")
e|default("d")
e|default("d", true)
n|default("d")
n|d("d", boolean=true)
missing is defined
a is defined
missing is undefined
n is none
n is not none
t is true
t is boolean
a is number
t is number
f is float
a is integer
t is integer
s is string
d is mapping
l is sequence
s is sequence
d is sequence
a is sequence
s is iterable
a is iterable
missing is iterable
a is eq 7
a is equalto(7)
a is ne 7
a is gt 3
a is lessthan 3
a is divisibleby 7
a is in [1, 7]
"x" is in d
s is lower
"abc" is lower
"ABC" is upper
s is callable
range is callable
not a is odd
a is not odd
1 in l
9 not in l
"ell" in s
"x" in d
"1" in l
missing in l
"a" in missing
l|first
l|last
[]|first
m|sort
m|sort(reverse=true)
m|sort(case_sensitive=true)
msgs|sort(attribute="content")|map(attribute="content")|list
m|reverse|list
"abc"|reverse
l|sum
l|min
l|max
m|max
[1, 1, 2, 1]|unique|list
["a", "A", "b"]|unique|list
msgs|map(attribute="role")|list
msgs|map(attribute="extra.k", default=0)|list
m|map("upper")|list
m|map("replace", "a", "Z")|join
l|select("odd")|list
l|reject("odd")|list
l|select("gt", 1)|list
[0, 1, "", "x", none]|select|list
[0, 1, "", "x", none]|reject|list
msgs|selectattr("role", "equalto", "user")|map(attribute="content")|join(",")
msgs|rejectattr("role", "eq", "user")|list|length
msgs|selectattr("extra")|list|length
msgs|selectattr("extra", "defined")|list|length
msgs|selectattr("extra.k", "eq", 3)|list|length
msgs|groupby("role")
d|dictsort
{"b": 1, "A": 2}|dictsort
{"b": 1, "A": 2}|dictsort(by="value", reverse=true)
[1, 2, 3, 4, 5]|batch(2)|list
[1, 2, 3, 4, 5]|batch(2, 0)|list
[1, 2, 3, 4, 5]|slice(2)|list
d|tojson
nested|tojson
msgs|tojson(indent=2)
d|tojson(indent=4)
[]|tojson(indent=2)
{}|tojson(indent=2)
[[], {}, [[]]]|tojson(indent=1)
d|tojson(separators=(",", ":"))
{"b": 1, "a": 2}|tojson(sort_keys=true)
u|tojson
"\"\\\n\r\t\b\f\x00\x1f\x7f</script>"|tojson
{"a": 1.0, "b": 1e100, "c": 1e-7}|tojson
{1: true, none: none}|tojson
t|tojson
n|tojson
missing|tojson
"42"|int
"4.7"|int
"x"|int
"x"|int(-1)
4.9|int
"ff"|int(base=16)
"1.5"|float
"x"|float
a|float
a|string
n|string
2.5|round
3.5|round
2.675|round(2)
-2.5|round
2.1|round(method="ceil")
2.9|round(0, "floor")
5|round
b|abs
"<a href='x'>&\"</a>"|e
"<b>"|safe
"a\nb\n\nc"|indent
"a\nb\n\nc"|indent(2, true)
"a\nb\n\nc"|indent(2, first=false, blank=true)
"a\nb"|indent("> ")
"one two three"|wordcount
"foo bar baz qux quux"|truncate(12)
"foo bar baz qux quux"|truncate(12, true)
"foo bar baz"|truncate(9, false, "")
"x"|center(7)
"a b/c?d=\u00e9"|urlencode
"abc"|list
d|list
range(5)|list
range(2, 10, 3)|list
range(5, 0, -2)|list
range(0)|list
dict(a=1, b=2)
dict([["x", 1]])
namespace(a=1).a
"a" "b"
'\'' ~ "\"" ~ '\u00e9\x41\101\q'
1_000
10.5
d.x.y
missing.x
missing["x"]
missing()
n.x
n.x.y
s.nope
s.nope()
a()
a + s
s + a
l + "x"
l + [4]
"x" + n
-s
a / 0
a % 0
1 < "a"
n < 1
n == missing
missing == missing2
none == none
true == 1
"1" == 1
[1, "a"] == [1, "a"]
(1, 2) == [1, 2]
{"a": 1} == {"a": 1.0}
s|nosuchfilter
s is nosuchtest
strftime_now("%d %B %Y")
strftime_now("%Y-%m-%d %H:%M:%S %a %A %b %j %y %p %I %%")
raise_exception("no " ~ a)
l.append(4)
d.update({"a": 1})
d.pop("x")
(a + 1) * 2
((((a))))
(s|upper)[0:2]
s|upper|lower|title
[x, 1]
l|join(d.y)
msgs[0].role == "user" and msgs[-1]["content"] == "<b>"
msgs[1:]|map(attribute="content")|list
"%d%%" % 50
{"a": {"b": {"c": 1}}}.a.b.c
[[1, 2], [3, 4]]|map("first")|list
[[1, 2], [3, 4]]|map("join", "+")|list
[[1, 2], [3]]|sum(start=[])
s.split("o")[0].strip(",").lower()
"a" in "abc" in ["abc"]
true and false or true
1 if 0 else 2 if 0 else 3
loop
2 * 3 ~ 4
"a" ~ 1 == "a1"
l|length - 1
-l|length
l[0] + l[l|length - 1]
d.items()
""".strip("\n").splitlines()

STATEMENTS = [
    "{% for x in l %}{{ x }}{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }};{% endfor %}",
    "{% for x in l %}{{ loop.previtem|default('-') }}{{ x }}{{ loop.nextitem|default('-') }} {% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1,1,2,2,1] %}{{ loop.changed(x) }} {% endfor %}",
    "{% for x in l if x != 1 %}{{ x }}{{ loop.index }}{{ loop.last }},{% endfor %}",
    "{% for x in [] %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l if x > 9 %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in missing %}x{% else %}none{% endfor %}",
    "{% for x in n %}x{% endfor %}",
    "{% for x in 5 %}x{% endfor %}",
    "{% for c in u %}[{{ c }}]{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in d|items %}{{ k }}={{ v }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for a, b in [[1, 2], [3]] %}{{ a }}{% endfor %}",
    "{% for (a, (b, c)) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ x * y }}{{ loop.index }} {% endfor %}{{ loop.index }}|{% endfor %}",
    "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% break %}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns.y = 3 %}{{ ns.y }}{{ ns.z }}",
    "{% set ns = namespace({'p': 1}, q=2) %}{{ ns.p }}{{ ns.q }}",
    "{% set x.y = 3 %}",
    "{% set d.x = 3 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a, b = [1] %}",
    "{% set x = 1, 2 %}{{ x }}",
    "{% set x %}inner {{ a }}{% endset %}[{{ x }}]",
    "{% set x | upper | trim %} inner {{ a }} {% endset %}[{{ x }}]",
    "{% if t %}{% set y = 1 %}{% endif %}{{ y }}",
    "{% if a > 5 %}big{% elif a > 3 %}mid{% else %}small{% endif %}",
    "{% if n %}1{% elif e %}2{% elif l %}3{% else %}4{% endif %}",
    "{% if missing %}1{% endif %}x",
    "{% macro m(x, y=2) %}{{ x }}-{{ y }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(y=5, x=4) }} {{ m() }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(z=2) }}",
    "{% macro m() %}{{ a }}{{ q }}{% endmacro %}{% set q = 9 %}{{ m() }}",
    "{% macro m(x) %}{% set a = x %}{{ a }}{% endmacro %}{{ m(1) }}{{ a }}",
    "{% macro f(k) %}{% if k > 0 %}{{ k }}{{ f(k - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro m(x) %}<{{ caller() }}{{ x }}>{% endmacro %}{% call m(1) %}body{{ a }}{% endcall %}",
    "{% macro m() %}<{{ caller(5) }}>{% endmacro %}{% call(z) m() %}body{{ z }}{% endcall %}",
    "{% macro m(x) %}{{ x|upper }}{% endmacro %}{{ m('a') ~ m('b')|length }}",
    "{% macro m() %}{{ m.name }}{% endmacro %}{{ m() }}",
    "{% filter upper %}abc {{ s }}{% endfilter %}",
    "{% filter replace('a', 'b')|trim %} aaa {% endfilter %}|",
    "{% with x = 1, y = a %}{{ x }}{{ y }}{% endwith %}{{ x }}",
    "{% with %}{% set x = 4 %}{{ x }}{% endwith %}[{{ x }}]",
    "{% raw %}{{ a }} {% if %}{# c #}{% endraw %}",
    "x {%- raw -%}  {{ a }}  {%- endraw -%} y",
    "a{# comment #}b",
    "a {#- comment -#} b",
    "{# multi\nline #}\nx",
    "  {# indented #}\nx",
    "{% generation %}g {{ a }}{% endgeneration %}!",
    "line\n{% if t %}\n  yes\n{% endif %}\nend\n",
    "line\n  {% if t %}  \n  yes\n  {% endif %}\nend\n\n",
    "  {% if t %}x{% endif %}  {% if t %}y{% endif %}\n",
    "a  {%- if t -%}  b  {%- endif -%}  c",
    "a\n  {%+ if t %}b{% endif %}",
    "{% if t +%}\nb{% endif %}",
    "{{ a }}\n{{ b }}\n",
    "{{ a -}}  \n {{- b }}",
    "{{- a -}}",
    "{%- for x in l %}\n  {{ x }}\n{%- endfor %}\n",
    "{% for x in l -%}\n  {{ x }}\n{% endfor -%}\n end",
    "a\r\nb\rc\n{% if t %}\r\nd{% endif %}",
    "{{ {'a': {'b': 1}}}}",
    "{{ '}}' }}{{ \"%}\" }}{{ '{{' }}",
    "{{ [1, 2,] }}{{ {'a': 1,} }}",
    "{{ a,b }}",
    "{{ 1 if t }}",
    "{{ }}",
    "{% %}",
    "{{ a",
    "{% if t %}x",
    "{% endif %}",
    "{% for x in l %}{% endif %}",
    "{% nosuch %}",
    "{# never closed",
    "{{ (1 }}",
    "{{ 1) }}",
    "{{ a b }}",
    "{{ 'open }}",
    "{{ a $ b }}",
    "{{ *a }}",
    "{% set true = 1 %}",
    "{% set = 1 %}",
    "{% for in l %}{% endfor %}",
    "}} %} #}",
    "{ { a } }",
    "\n\n{{ a }}\n\n",
    "{%- set x = 1 -%}\n\n{{ x }}",
    "\t {% set x = 1 %}\n\t {{ x }}",
    "text {% set x = 1 %}\nmore",
    "{% if a == 7 and (b < 0 or missing) %}ok{% endif %}",
    "{% for m in msgs %}{% if m.role == 'user' %}U:{{ m.content }}{% else %}A:{{ m['content'] }}{% if m.extra %}({{ m.extra.k }}){% endif %}{% endif %}\n{% endfor %}",
    "{% for m in msgs[::-1] %}{{ m.content }}{{ (msgs|length - 1) - loop.index0 }}{% endfor %}",
    "{% set x = [] %}{% for m in msgs %}{% set x = x + [m.role] %}{% endfor %}{{ x }}",
    "{% set u = msgs|selectattr('role', 'equalto', 'user')|list %}{{ u[-1] == msgs[2] }}{{ u|length }}",
    "{%- macro j(v) %}{% if v is mapping %}{% for k, w in v|items %}{{ k }}:{{ j(w) }};{% endfor %}{% elif v is sequence and v is not string %}[{% for w in v %}{{ j(w) }}{% endfor %}]{% else %}{{ v }}{% endif %}{% endmacro %}{{ j(d) }}",
]


def generated(rng, depth=0):
    """A random expression over the context."""
    atoms = ["a", "b", "f", "t", "n", "s", "u", "e", "l", "m", "d", "missing", "1", "0", "2.5", "'x'", "'o'", "true", "none", "[1, 'o']"]
    if depth > 2 or rng.random() < 0.25:
        return rng.choice(atoms)
    inner = lambda: generated(rng, depth + 1)
    kind = rng.randrange(9)
    if kind == 0:
        return f"({inner()} {rng.choice(['+', '-', '*', '~', '//', '%'])} {inner()})"
    if kind == 1:
        return f"({inner()} {rng.choice(['==', '!=', '<', '>=', 'in', 'not in'])} {inner()})"
    if kind == 2:
        return f"({inner()} {rng.choice(['and', 'or'])} {inner()})"
    if kind == 3:
        return f"({inner()} if {inner()} else {inner()})"
    if kind == 4:
        return f"{inner()}|{rng.choice(['string', 'length', 'upper', 'trim', 'tojson', 'list', 'first', 'last', 'default(3)', 'int', 'capitalize', 'title'])}"
    if kind == 5:
        return f"{inner()}[{rng.choice(['0', '-1', '1:', ':2', '::-1', '::2', '-3:-1', '5'])}]".replace("2.5[", "f[")
    if kind == 6:
        return f"({inner()} is {rng.choice(['', 'not '])}{rng.choice(['defined', 'none', 'string', 'mapping', 'number', 'sequence', 'iterable', 'true', 'boolean'])})"
    if kind == 7:
        return f"[{inner()}, {inner()}]"
    return f"(not {inner()})"


def main(out):
    rng = random.Random(20260301)
    sources = ["{{ " + expression + " }}" for expression in EXPRESSIONS] + STATEMENTS
    sources += ["{{ " + generated(rng) + " }}" for _ in range(200)]
    cases = []
    for source in sources:
        try:
            cases.append({"source": source, "text": environment().from_string(source).render(**CONTEXT)})
        except Exception as error:  # whatever Python throws, the case is "refused"
            cases.append({"source": source, "refused": f"{type(error).__name__}: {error}"[:200]})
    # Python refuses to slice a number, but jinja2 folds constants and then finds them undefined.
    cases = [case for case in cases if not re.search(r"(true|none|\d)\[[^\]]*:", case["source"])]
    # What Python prints of views, generators and functions is about Python, not about templates.
    cases = [case for case in cases if not any(mark in case.get("text", "") for mark in ("dict_items", "<generator", " object at ", "<function", "<class"))]
    document = {"jinja2": jinja2.__version__, "context": CONTEXT, "cases": cases}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.write("\n")
    print(len(cases), "cases,", sum("refused" in case for case in cases), "refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
