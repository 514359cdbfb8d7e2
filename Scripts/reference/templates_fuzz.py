"""Writes small Jinja snippets with what jinja2 makes of them, as data for the tests: those of the lists below, and some of
templates_grammar.py's.

Run: python Scripts/reference/templates_fuzz.py OUT.json
Each case is a source and either the text or the fact that jinja2 refuses it.  The seed is fixed.
"""

import copy
import json
import random
import re
import sys

import jinja2
from templates import environment
from templates_grammar import Grammar

CONTEXT = {
    "a": 7, "b": -3, "f": 2.5, "t": True, "n": None, "s": "Hello, World", "u": "h\u00e9llo \u4e16\u754c \U0001f600",
    "w": "  two  words \n", "e": "", "l": [3, 1, 2], "m": ["b", "A", "c", "a"], "d": {"x": 1, "y": "why", "z": [1, {"q": None}]},
    "msgs": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo", "extra": {"k": 3}}, {"role": "user", "content": "<b>"}],
    "nested": [[1, 2], [3, [4, "five"]], []],
}

EXPRESSIONS = r"""
msgs|pprint
nested|pprint
d|pprint
s|pprint
u|pprint
e|pprint
n|pprint
missing|pprint
2.50|pprint
{"b": 1, "a": {"d": 1, "c": [2]}}|pprint
{2: 1, "a": 2, none: 3, 10: 4, (1, 2): 5}|pprint
{}|pprint
(s * 9)|pprint
(s ~ " ")|pprint
("Hello wide world " * 9)|pprint
("one line\n" * 3)|pprint
("one line " * 12 ~ "\nand\n" ~ "x" * 90)|pprint
[("Hello wide world " * 9)]|pprint
{"key": "Hello wide world " * 9, "other": range(40)|list}|pprint
[[[["x" * 70, ("y" * 30,)], "it's"], ()], {}]|pprint
[("a",), ("b" * 80,), ("c", "d" * 77)]|pprint
["x" * 74, "x" * 75, "x" * 76, "x" * 77]|pprint
range(3)|pprint
range(100)|list|pprint
d.items()|pprint
("<b>"|safe)|pprint
[("<b> " * 40)|safe, 1]|pprint
msgs|groupby("role")|pprint
namespace(d=d)|pprint
(msgs * 4)|tojson|pprint
"  " * 50 ~ "x" * 30|pprint
"see https://example.org/a?b=c, or (www.example.com) and a@b.example."|urlize
"see https://example.org/a?b=c&d=<e>"|urlize
"http://example.org:8080/ http://example.org:123456/ http://a.b-c http://x https://localhost/x https://xn--ab/c"|urlize
"example.com EXAMPLE.Org a.com x.y.info/p?q#r ab.com:80 ab.co example.com.uk example.de"|urlize
"http://127.0.0.1/x http://1.2.3 http://1.2.3.4.5 http://1234.1.1.1 http://[::1]:80/x http://[fe80::1:2] http://[12345::] http://[1:2]"|urlize
"HTTPS://EXAMPLE.ORG/ WWW.EXAMPLE.ORG/ Http://a.de"|urlize
"mailto:a@b.example mailto:a mailto:a@b.c?cc=d @a@b.c a@b a@b.c. a:b@c.d a@-b.c a@b.c- x@y.z.w"|urlize
"(https://example.org/a_(b)) <https://example.org/> ((a.com)) (www.a.de/(b)c). https://a.de/(b), >x<"|urlize
"https://example.org/a/long/one"|urlize(12)
"https://example.org/a/long/one"|urlize(trim_url_limit=-3)
"https://example.org/a"|urlize(nofollow=true)
"https://example.org/a"|urlize(target="_blank")
"https://example.org/a"|urlize(target="a\"b", rel="noreferrer  me")
"https://example.org/a a@b.example"|urlize(none, true, none, "nofollow ab")
"tel:+1 ftp://x.example tel: git:x"|urlize(extra_schemes=["tel:", "ftp://"])
"tel:+1"|urlize(extra_schemes=["t:"])
"tel:+1"|urlize(extra_schemes=["tel"])
"tel:+1"|urlize(extra_schemes="tel:")
"tel:+1"|urlize(extra_schemes=[1])
"x"|urlize("a")
"a.com"|urlize("a")
"a.com"|urlize(rel=5)
"x\n  https://a.de\t\nb\n"|urlize
("<b>a.com</b>"|safe)|urlize
"<b>a.com</b>"|urlize
["a.com", "b"]|urlize
5|urlize
none|urlize
missing|urlize
u|urlize
"https://\u00e9\u00df.de/\u4e16 \u00e9t\u00e9@\u00e9.fr"|urlize
["x"]|random
[]|random
""|random
"a"|random
("x",)|random
range(1)|random
{}|random
{0: "x"}|random
{"a": "x"}|random
missing|random
none|random
5|random
d.items()|random
(l|map("string"))|random
([4, 4, 4]|random) + 1
(l|random) in l
(s|random) in s
namespace(d, z=none)
namespace()|urlencode
namespace({1: 'x', 2.5: 'y', (1, 2): none}, z=1)
namespace([([1], 2)])
[namespace(a=namespace(b='x')), 1]|string
s.join(' 12 ')|wordwrap(4, true, '|')
'aaaa bbbbbb cc-dddddd'|wordwrap(5)
'aaaa bbbbbb cc-dddddd'|wordwrap(3, false)
range(3) is filter
range(3) is test
[1] is filter
'nan'|filesizeformat
'inf'|filesizeformat(true)
'-inf'|filesizeformat
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
n|selectattr("type", "equalto", "x")|list
n|rejectattr("type")|list
n|select("string")|list
n|map("upper")|list
n|map(attribute="x")|list
missing|selectattr("type", "equalto", "x")|list
missing|map("nosuchfilter")|list
e|reject|list
0|select|list
a|select|list
n|list
n|join
n|length
n|first
n|last
n|sort
n|unique|list
n|sum
n|min
n|reverse|list
n|items|list
n|dictsort
n|batch(2)|list
n|groupby("x")
missing|list
missing|join(",")
missing|first
missing|last
missing|sort
missing|sum
missing|max
missing|items|list
missing|int
missing|float
n|int
n|float(1.5)
"aB".startswith("B", 1)
"aB".startswith("B", -1)
"aBc".startswith("B", 1, 1)
"aBc".startswith(("x", "B"), 1, 2)
"aBc".endswith("B", 0, 2)
"aBc".endswith("a", none, -2)
"abc".startswith("", 4)
"abc".startswith("", 3)
"h\u00e9llo".find("l", 3)
"h\u00e9llo".find("l", -2, none)
"h\u00e9llo".rfind("l", 0, 3)
"h\u00e9llo".index("o", 2)
"h\u00e9llo".index("h", 2)
"h\u00e9llo".rindex("l")
"abcabc".count("a", 1)
"abc".count("", 1)
"abc".find("", 9)
" a  b c ".rsplit(none, 1)
" a  b c ".rsplit(None, 0)
" a  b c ".split(none, 1)
" a  b c ".split(maxsplit=0)
"a,b,c".rsplit(",", 5)
"a,b,c".rsplit(sep=",", maxsplit=1)
"a,b,c".split("")
"a\x1cb\u2028c\x85d".splitlines()
"a\nb\r\n".splitlines(true)
"a\nb\r\n".splitlines(keepends=true)
u|tojson(ensure_ascii=true)
u|tojson(true)
"\x7f"|tojson(ensure_ascii=true)
d|tojson(true, 2)
d|tojson(indent="\t")
d|tojson(indent=0)
d|tojson(indent=2, separators=(", ", " = "))
d|tojson(separators=none)
{"b": 1, "a": {"d": 1, "c": 2}}|tojson(sort_keys=true)
{2: 1, 10: 2}|tojson(sort_keys=true)
{"a": 1, 2: 1}|tojson(sort_keys=true)
{1.5: 1, true: 2}|tojson
range(3)|tojson
d.items()|tojson
(l|map("string"))|tojson
none[1:]
5[:2]
true[::2]|length
n[1:]
5[0]
n[0]
range(3)
range(2, 9, 3)
range(9)[2:5]
range(9)[::-2]
range(3)|list
range(3) == [0, 1, 2]
range(0, 3) == range(3)
range(3) + [1]
d.keys()
d.values()
d.items()[0]
d.keys()[0]
d.keys()|first
d.keys()|last
d.keys() == {"y": 0, "x": 1, "z": 2}.keys()
(l|map("string"))[0]
l|map("string")|length
l|map("string")|last
l|map("string")|first
(l|select("gt", 9)) and "kept"
l|select is sequence
l|select is iterable
d.items() is sequence
"<a>"|safe + "<b>"
"<b>" + ("<a>"|e)
("<a>"|e) ~ "<b>"
"<a>"|e|e
"<a>"|e|forceescape
"<a>"|safe|e
"<a>"|safe|string|e
("%s"|safe) % "<a>"
("{}"|safe).format("<a>")
(","|safe).join(["<", ">"])
("<a>"|e).replace("&lt;", "<")
["<"|e]
"x"|safe is escaped
"x" is escaped
"a-b c_d"|wordcount
"a b"|title ~ "\u01c6a b"|title
"\u0391\u03a3 \u03a3"|lower
"\u0391\u03a3\u0391".lower()
"\u00df\u0130\u01c6".casefold()
"\u01c6x".title()
"a\tb\tc".expandtabs(4)
"abc".translate({97: "z", 98: none, 99: 100})
"Ab Cd".istitle()
"a\u00e9".isascii()
"a1_".isidentifier()
"1a".isidentifier()
"a\n".isprintable()
"\u0663".isdigit()
"\u2167".isnumeric()
"abc".center(6, "*")
"abc".center(6, "\u00e9")
"abc".center(6, "**")
"abc".ljust(5, "-") ~ "|"
"abc".upper(1)
"abc"|upper(1)
"abc"|replace("a")
"abc"|join(", ", none, 1)
"abc"|nosuch
"abc"|strip
d.get("x", default=1)
d.get([1])
[1] in d
{(1, 2): 3}[(1, 2)]
{[1]: 2}
d.copy()
dict.fromkeys(["a", "b"], 0)
d.pop
d.pop is defined
l.append is defined
d.__class__
l.copy()
l.index(1)
l.index(3, 1)
(1, 2, 1).count(1)
(1, 2).copy()
[true, 1, 1.0, "1"]|unique|list
[[1], [1]]|unique|list
msgs|min(attribute="content")
msgs|max(attribute="content")
msgs|sort(attribute="role,content")|map(attribute="content")|list
msgs|groupby("role")|map(attribute="grouper")|list
(msgs|groupby("role"))[0].list
msgs|groupby("extra.k", default=0)
msgs|map(attribute="extra.k", default=none)|list
msgs|map(attribute="role", nosuch=1)|list
l|batch(2, "x")|list
l|batch(0)|list
l|slice(3, "x")|list
l|slice(2, "x")|list
["a", "b"]|sum(start="")
[[1], [2]]|sum(start=[])
m|min
m|max(true)
m|sort(true, true)
"abc"|reverse
l|reverse|list
d|reverse|list
{"a": 1, "B": "x y&"}|urlencode
[("a", 1)]|urlencode
1500|filesizeformat
1500|filesizeformat(true)
"<p>a  <!-- c -->b</p> &amp;"|striptags
"one two three four"|wordwrap(9)
"abcdefghij k"|wordwrap(4)
"abcdefghij k"|wordwrap(4, false)
"one two"|wordwrap(3, true, "|")
"one two"|wordwrap(3.5)
"one two"|wordwrap(2.5)
"one two"|wordwrap(2.5, false)
"ab c-d"|wordwrap(0.5)
"l"|wordwrap(f)
"ab"|wordwrap(-0.5)
"ab"|wordwrap("5")
l|batch(2.0)|list
l|batch(0.1)|list
l|batch(0.0)|list
l|batch(-1.5, 9)|list
l|batch(2.0, 9)|list
l|batch(2.5, 9)|list
l|batch(3.5, 9)|list
l|batch("2")|list
l|batch("2", 9)|list
l|batch(none)|list
l|batch(true)|list
{"class": "x y", "id": none, "t": "<"}|xmlattr
"a b c d"|truncate(5, leeway=0)
[1, 2]|truncate
"a"|attr("upper") is callable
d|attr("x")
1234|round(-2)
1250|round(-2)
-0.4|round
0.5|round(0, "ceil")
-0.5|round(method="ceil")
"1_000"|int
"0x1f"|int(base=16)
"0b11"|int(0, 0)
"\u0663"|int
"1e3"|int
"inf"|int(5)
" 7 "|int
"1_0.5"|float
"0x1p3"|float
12345678901234567.0
0.00001
1e22
-7 // 2.0
7 % -2.5
-0.0 // 1
3.0 is odd
"a" is odd
4.5 is divisibleby 1.5
a is eq 7
a is lessthan 9
a is le 7
a is nosuch
0x1F + 0b11 + 0o17
1 == not 2
"%5.2f|%-6s|%05d|%+d" % (f, "ab", 42, 7)
"%x %X %o %#x %e %g %c %r %a" % (255, 255, 8, 255, f, 1e10, "x", "y", u)
"%(x)s %(y)r" % d
"%s %s" % (1,)
"%s" % (1, 2)
"x" % [1]
"x" % 1
"%*d|%.*f" % (5, 1, 2, 3.14159)
"%q" % 1
"{:>8}|{:<8}|{:^8}|{:*^8}".format("ab", "cd", "ef", "gh")
"{:08.3f} {:+d} {:,} {:_}".format(3.14159, 5, 1234567, 1234567)
"{:x} {:#b} {:o} {:c} {:%} {:e}".format(255, 5, 8, 97, 0.25, 12345.678)
"{0[x]} {0.y} {1[0]} {a!r}".format(d, l, a="q")
"{:{}}|{:.{}f}".format("a", 4, 3.14159, 2)
"{} {0}".format(1, 2)
"{:d}".format("x")
"{!x}".format(1)
"{".format(1)
"{x}".format_map({"x": 4})
"%s"|format("a")
"%(k)s"|format(k="v")
joiner()()
cycler("a", "b").next()
loop.index
5.0.is_integer()
(255).bit_length()
(5).real
strftime_now("%-d %e %B %b %A %a %j %H:%M:%S %p %y %Y %F %T %D %w %u %U %W %V %G %C %R %c %x %X %n%t%%")
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
    "{% for x in nested recursive %}{{ loop.depth }}{% if x is sequence and x is not string %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{{ ',' if not loop.last }}{% endfor %}",
    "{% for x in [1, 2] recursive %}{{ x }}{{ loop.depth0 }}{% else %}none{% endfor %}",
    "{% for x in l %}{{ loop(x) }}{% endfor %}",
    "{% for x in l if x > 1 recursive %}{{ x }}{{ loop([0, 5]) if loop.depth < 2 }};{% endfor %}",
    "{% for x in l if loop.index > 1 %}{{ x }}{% endfor %}",
    "{% for k in d recursive %}{{ k }}{{ loop.changed(k, [1]) }}{% endfor %}",
    "{% set g = l|map('string') %}{{ g|list }}{{ g|list }}",
    "{% set g = l|select %}{% for x in g %}{{ x }}{% endfor %}{% for x in g %}{{ x }}{% endfor %}",
    "{% if l|selectattr('nope') %}yes{% else %}no{% endif %}",
    "{% set g = [1, 'a']|map('abs') %}{{ g|first }}",
    "{% set g = [1, 'a']|map('abs') %}{{ g|list }}",
    "{% set g = 5|map('abs') %}made{{ 1 if g }}",
    "{% set j = joiner('; ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.current }}",
    "{% macro m(x) %}{{ x }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, z=3) }}{{ m() }}",
    "{% macro m(x, y=x) %}{{ x }}{{ y }}{% endmacro %}{{ m(1) }}{{ m(*[4, 5]) }}{{ m(**{'x': 6}) }}{{ m(7, **{'y': 8}) }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1, x=2) }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(*l) }}",
    "{% macro m(x=1, y) %}{{ x }}{% endmacro %}",
    "{% macro m(x) %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{% endmacro %}{{ m(1) }}",
    "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ caller(1, k=2) }}{% endmacro %}{% call(a, k=3) m() %}{{ a }}{{ k }}{% endcall %}",
    "{{ f(a=1, a=2) }}",
    "{{ range(*[1, 3])|list }}",
    "{% filter length %}abc{% endfilter %}",
    "{% filter upper|replace('A', 'b') %}a{{ a }}{% endfilter %}",
    "{% block b %}{{ a }}{% set q = 1 %}{% endblock %}{{ q }}",
    "{% set q = 1 %}{% for x in l %}{% block b %}{{ x }}{{ q }}{% endblock %}{% endfor %}",
    "{% for x in [4] %}{% block b scoped %}{{ x }}{% endblock b %}{% endfor %}",
    "{% autoescape false %}{{ '<' }}{% endautoescape %}",
    "{% generation %}{% set q = 1 %}{{ q }}{% endgeneration %}{{ q }}",
    "{% do l.append(1) %}",
    "{% raw %}\n{{ a }}\n{% endraw %}\nb",
    "{% raw -%}\n x {%- endraw %}",
    "{% raw +%}x{% endraw %}",
    "{%+ raw %}x{%+ endraw +%}\nb",
    "{% set ns = namespace({1: 2}, a=3) %}{{ ns.a }}{{ ns['a'] }}{{ ns.b }}",
    "{% set ns = namespace(missing) %}",
    "{% with a = 1, b = a %}{{ b }}{% endwith %}",
    "{{ l.append(5) }}",
    "{{ d.update({}) }}",
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
    # A filter or a test that is not known.
    "{{ 1|nosuch }}",
    "{% if false %}{{ 1|nosuch }}{% endif %}x",
    "{% if false %}{% for i in [1] %}{{ i|nosuch }}{% endfor %}{% endif %}x",
    "{% if false %}{% for i in y|nosuch %}{% endfor %}{% endif %}x",
    "{% for i in [] %}{{ i|nosuch }}{% endfor %}x",
    "{% for i in [] %}{% if i %}{{ i|nosuch }}{% endif %}{% endfor %}x",
    "{{ (1|nosuch) if false else 2 }}",
    "{{ 2 if true else 1|nosuch }}",
    "{{ 2 if true else (1 is nosuch) }}",
    "{% if false %}{% set x = 1|nosuch %}{% endif %}x",
    "{% if false %}{% set x %}a{{ 1|nosuch }}{% endset %}{% endif %}x",
    "{% if false %}{% set x | nosuch %}a{% endset %}{% endif %}x",
    "{% if false %}{% filter nosuch %}a{% endfilter %}{% endif %}x",
    "{% if false %}{% macro f(a=1|nosuch) %}{% endmacro %}{% endif %}x",
    "{% if false %}{% macro f() %}{{ 1|nosuch }}{% endmacro %}{% endif %}x",
    "{% if false %}{% with a = 1|nosuch %}{% endwith %}{% endif %}x",
    "{% if false %}{% with a = 1 %}{{ a|nosuch }}{% endwith %}{% endif %}x",
    "{% if false %}{% elif 1 is nosuch and false %}{% endif %}x",
    "{% if 1 is defined or 1 is nosuch %}{% endif %}x",
    "{% macro f() %}{{ 1|nosuch }}{% endmacro %}x",
    "{% if false %}{% for i in [1] if i is nosuch %}{% endfor %}{% endif %}x",
    "{% if false %}{% for i in [1] %}{% else %}{{ 1|nosuch }}{% endfor %}{% endif %}x",
    "{% if false %}{{ range(1|nosuch) }}{% endif %}x",
    "{% if false %}{% call(x) f(1|nosuch) %}{% endcall %}{% endif %}x",
    "{% if false %}{% call f() %}{{ 1|nosuch }}{% endcall %}{% endif %}x",
    "{% for i in [] %}{{ (1|nosuch) if false else 2 }}{% endfor %}x",
    "{{ [] | map(\"nosuch\") | list }}",
    "{% if false %}{{ 1|upper.x }}{% endif %}y",
    "{% macro f() %}{% if false %}{{ 1|nosuch }}{% endif %}{% endmacro %}x",
    "{% if false %}{% block b %}{{ 1|nosuch }}{% endblock %}{% endif %}x",
]


# What Python prints of these names addresses in memory, which nothing can repeat.
ADDRESSES = re.compile(r"(?i)at 0x[0-9a-f]{6}|<generator|<built-in|<function|<class|<bound|<macro|<jinja2|<templatereference|<list_?reverse|<reversed|<dict_rev")


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
    grammar = Grammar(rng)
    sources += [grammar.template() for _ in range(400)]
    cases = []
    for source in sources:
        try:
            cases.append({"source": source, "text": environment().from_string(source).render(**copy.deepcopy(CONTEXT))})
        except Exception as error:  # whatever Python throws, the case is "refused"
            cases.append({"source": source, "refused": f"{type(error).__name__}: {error}"[:200]})
    # A slice of a constant that has no items is nothing to jinja2, which computes constants before it runs; ours does so only where
    # the constant is written out.
    cases = [case for case in cases if len(case["source"]) < 24 or not re.search(r"(true|none|\d|first\))\)*\[[^\]]*:", case["source"])]
    # What Python prints of generators and functions is about Python, not about templates.
    cases = [case for case in cases if not ADDRESSES.search(case.get("text", ""))]
    document = {"jinja2": jinja2.__version__, "context": CONTEXT, "cases": cases}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.write("\n")
    print(len(cases), "cases,", sum("refused" in case for case in cases), "refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
