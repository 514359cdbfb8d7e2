"""Random expressions and templates for the comparison with jinja2: a table of forms for each kind of value.

`<S>` stands for a text, `<I>` a whole number, `<F>` a float, `<N>` any number, `<L>` a list, `<D>` a dict, `<B>` a boolean, `<A>` anything,
`<T>` a test with its arguments, `<SL>` the inside of a slice, `<SPEC>` and `<PCT>` a format of one value.
"""

ATOMS = {
    "S": ["s", "u", "w", "e", "'a'", "'o'", "'Hello'", "' '", "''", "'aXbXc'", "'\u00e9\u00df'", "'\\n'", "'l'", "'%s'", "'{}'", "'<b>&\"'", "'1'", "'-5'", "'3.7'",
          "'0x1f'", "'\u0130\u0391\u03a3 \u01c6'", "'a-b c_d'", "'one two  three'", "'\\t'", "'x,y,,z'", "'TRUE'", "'\\x00\\x7f'", "'a\\nb\\r\\nc\\x85d\\u2028e'", "'\u0663'", "'[x](y)'", "\"it's\"", "'4_2'", "' 12 '", "'1e3'", "'nan'"],
    "I": ["a", "b", "0", "1", "2", "3", "-1", "10", "l[0]", "-7", "255", "1_000", "0x1f", "0b11", "0o17", "5"],
    "F": ["f", "2.5", "-0.5", "1e3", "0.1", "3.0", "1e16", "1.5e-7", "12345678901234567.0", "0.00001", "1e-4", "-2.5"],
    "L": ["l", "m", "nested", "[]", "[1, 'o']", "['b', 'A', 'a']", "[0, '', none, 2]", "[3, 1.5, true]", "(1, 2)", "('a',)", "()", "[[1, 2], [3, 4]]", "['x', 'y']", "range(3)", "range(2, 9, 3)", "msgs"],
    "D": ["d", "{}", "{'a': 1, 'B': 2}", "{'b': [1], 'a': none}", "msgs[0]", "{1: 'x', 2.5: 'y'}", "dict(a=1, b='z')", "msgs[1]", "{'items': 3, 'k': 'v'}"],
    "B": ["t", "true", "false", "not t"],
    "X": ["n", "none", "missing", "loop", "d.nope"],
}

FORMS = {
    "S": """
<S> ~ <A>
<S> + <S>
<S> * <I>
<S>[<I>]
<S>[<SL>]
<S>.strip()
<S>.strip(<S>)
<S>.lstrip(<S>)
<S>.rstrip(<S>)
<S>.strip(none)
<S>.upper()
<S>.lower()
<S>.title()
<S>.capitalize()
<S>.swapcase()
<S>.casefold()
<S>.replace(<S>, <S>)
<S>.replace(<S>, <S>, <I>)
<S>.removeprefix(<S>)
<S>.removesuffix(<S>)
<S>.zfill(<I>)
<S>.ljust(<I>)
<S>.rjust(<I>, '*')
<S>.center(<I>, '.')
<S>.center(<I>, '\u00e9')
<S>.center(<I>)
<S>.expandtabs()
<S>.expandtabs(<I>)
<S>.join(<L>)
<S>.join(<S>)
<S>.format(<A>, <A>)
'{0} {1} {0}'.format(<A>, <A>)
'{a} {b}'.format(a=<A>, b=<A>)
'{0[0]} {1[x]}'.format(<L>, <D>)
'{!r} {!s}'.format(<A>, <A>)
'{:<SPEC>}'.format(<N>)
'{:<SPEC>}'.format(<S>)
'{:{}}'.format(<S>, <I>)
'%<PCT>' % <N>
'%<PCT>' % <S>
'%<PCT>'|format(<N>)
'%s %s' % (<A>, <A>)
'%(x)s %(y)r' % <D>
'%s' % <A>
'%r' % (<A>,)
<S>.translate({97: 'z', 111: none, 108: 76})
<S>|upper
<S>|lower
<S>|title
<S>|capitalize
<S>|trim
<S>|trim(<S>)
<S>|replace(<S>, <S>)
<S>|replace(<S>, <S>, <I>)
<A>|string
<S>|e
<S>|safe
<S>|e|e
<S>|safe|e
<S>|forceescape
<S>|e + <S>
<S> + <S>|e
<S>|safe ~ <S>
<S>|e|upper
<S>|indent
<S>|indent(<I>, <B>, <B>)
<S>|indent('> ', first=true)
<S>|center(<I>)
<S>|truncate(<I>)
<S>|truncate(<I>, true)
<S>|truncate(<I>, false, '', 0)
<S>|truncate(length=9, leeway=0, end='!')
<S>|urlencode
<A>|pprint
<L>|pprint
<D>|pprint
(<S> * 30)|pprint
(<L> * 9)|pprint
{<S>: <L> * 5, <I>: (<A>, <S> * 8)}|pprint
<S>|urlize
(<LINK> ~ <S> ~ <LINK>)|urlize
<LINK>|urlize(<I>)
<LINK>|urlize(<I>, <B>, <S>, <S>)
<LINK>|urlize(target=<A>, rel=<A>)
<LINK>|urlize(extra_schemes=['tel:', 'ab.', 'ftp://'])
([<S>] * 3)|random
<D>|urlencode
<S>|striptags
<S>|wordwrap(<I>)
<S>|wordwrap(5, false)
<S>|wordwrap(4, true, '|')
<I>|filesizeformat
<I>|filesizeformat(true)
<S>|reverse
<L>|join
<L>|join(<S>)
<L>|join(<S>, attribute='x')
<L>|join(', ', attribute=0)
<L>|map('string')|join('+')
<A>|tojson
<A>|tojson(indent=<I>)
<A>|tojson(ensure_ascii=true)
<S>|tojson(ensure_ascii=true)
<A>|tojson(true)
<A>|tojson(separators=(',', ':'))
<D>|tojson(sort_keys=true)
<A>|tojson(indent='--')
<A>|tojson(indent=2, separators=(', ', '=')) 
<S> if <B> else <S>
<S>|default(<A>)
<S>|default(<A>, true)
<A>|default(<A>)
<S>.partition(<S>)[<I>]
<S>|format(<A>)
<S>|xmlattr
<D>|xmlattr
<L>|first
<S>|first
<S>|last
cycler('a', 'b').next()
joiner(', ')()
namespace(a=<A>).a
""",
    "I": """
<I> + <I>
<I> - <I>
<I> * <I>
<I> // <I>
<I> % <I>
<I> ** 2
-<I>
+<I>
<A>|length
<A>|count
<S>|length
<L>|length
<S>|wordcount
<S>|int
<S>|int(<I>)
<S>|int(0, 16)
<S>|int(default=7, base=8)
<S>|int(0, 0)
<F>|int
<A>|int
<I>|abs
<I>|round
<I>|round(-1)
<S>.find(<S>)
<S>.find(<S>, <I>)
<S>.find(<S>, <I>, <I>)
<S>.rfind(<S>, <I>, <I>)
<S>.index(<S>)
<S>.rindex(<S>, <I>)
<S>.count(<S>)
<S>.count(<S>, <I>, <I>)
<L>.count(<A>)
<L>.index(<A>)
<L>.index(<A>, <I>)
<L>|sum
<L>|sum(start=<I>)
<I>.bit_length()
<I>.real
t + <I>
<L>|map('int')|sum
""",
    "F": """
<N> / <N>
<F> + <N>
<F> * <N>
<F> // <N>
<F> % <N>
<N> ** -1
<F> ** 2
-<F>
<F>|round
<F>|round(<I>)
<F>|round(1, 'floor')
<F>|round(method='ceil')
<F>|abs
<S>|float
<S>|float(<F>)
<A>|float
<F>.is_integer()
<F>.real
""",
    "N": """
<I>
<F>
<B>
""",
    "L": """
<L> + <L>
<L> * <I>
<L>[<SL>]
[<A>, <A>]
(<A>, <A>)
<S>.split()
<S>.split(<S>)
<S>.split(<S>, <I>)
<S>.split(none, <I>)
<S>.split(maxsplit=<I>)
<S>.split(sep=<S>, maxsplit=1)
<S>.rsplit(none, <I>)
<S>.rsplit(<S>, <I>)
<S>.rsplit()
<S>.rsplit(maxsplit=1)
<S>.splitlines()
<S>.splitlines(true)
<S>.splitlines(keepends=true)
<S>.partition(<S>)
<S>.rpartition(<S>)
<A>|list
<S>|list
<D>|list
<D>.items()
<D>.keys()
<D>.values()
<D>.items()|list
<D>.keys()|list
<D>.values()|list
<D>|items|list
<D>|items
<D>|dictsort
<D>|dictsort(true)
<D>|dictsort(by='value')
<D>|dictsort(reverse=true)
<D>|dictsort(false, 'value', true)
<L>|sort
<L>|sort(true)
<L>|sort(case_sensitive=true)
<L>|sort(attribute='role')
<L>|sort(attribute='role,content')
<L>|sort(attribute=0)
<L>|reverse|list
<L>|reverse
<L>|unique|list
<L>|unique(true)|list
<L>|unique(attribute='role')|list
<L>|map('upper')|list
<L>|map('length')|list
<L>|map('default', 'x')|list
<L>|map(attribute='role')|list
<L>|map(attribute='x.y', default=<A>)|list
<L>|map(attribute=0)|list
<L>|map('replace', 'a', 'b')|list
<L>|map('tojson')|list
<L>|map('first')|list
<A>|map('string')|list
<A>|map(attribute='a')|list
<L>|select|list
<L>|reject|list
<A>|select|list
<A>|select('string')|list
<L>|select('<T>')|list
<L>|reject('odd')|list
<L>|select('gt', <A>)|list
<L>|select('in', <L>)|list
<L>|select('equalto', <A>)|list
<L>|selectattr('role')|list
<L>|selectattr('role', 'equalto', 'user')|list
<L>|selectattr('extra', 'defined')|list
<L>|rejectattr('role', 'ne', 'user')|list
<A>|selectattr('type', 'equalto', 'x')|list
<A>|rejectattr('type')|list
<L>|batch(<I>)|list
<L>|batch(2, <A>)|list
<L>|slice(<I>)|list
<L>|slice(3, <A>)|list
<L>|groupby('role')
<L>|groupby('role')|map(attribute='grouper')|list
<L>|groupby('role')|map(attribute='list')|list
<L>|groupby('nope', default='z')
<L>|groupby(0)
<L>.copy()
range(<I>)
range(<I>, <I>)
range(<I>, <I>, 2)
range(<I>)[<SL>]
range(<I>)|list
<D>.items()|sort
<D>|map('upper')|list
<L>|map('upper')
<L>|select
<L> if <B> else <L>
<L>|default([])
(<L>|map('upper'))[<I>]
<D>.keys()|map('upper')|list
""",
    "D": """
{'k': <A>, 'j': <A>}
{<S>: <A>}
{<I>: <A>, <S>: <A>}
{(1, 2): <A>}
dict(<D>)
dict(<D>, z=<A>)
dict(<D>.items())
dict(<L>)
<D>.copy()
namespace(<D>)
<D>|default({})
dict.fromkeys(['a', 'b'], <A>)
""",
    "B": """
<A> == <A>
<A> != <A>
<N> < <N>
<S> < <S>
<S> >= <S>
<L> < <L>
<A> <= <A>
<N> < <N> <= <N>
<S> in <S>
<S> in <L>
<A> in <A>
<A> not in <L>
<S> in <D>
<A> and <A>
<A> or <A>
not <A>
<A> is <T>
<A> is not <T>
<S> is <T>
<N> is <T>
<L> is <T>
<S>.startswith(<S>)
<S>.startswith(<S>, <I>)
<S>.startswith(<S>, <I>, <I>)
<S>.startswith((<S>, <S>))
<S>.startswith(('a', 'H'), <I>)
<S>.endswith(<S>)
<S>.endswith(<S>, <I>)
<S>.endswith(<S>, <I>, <I>)
<S>.endswith((<S>, <S>), none, <I>)
<S>.isdigit()
<S>.isnumeric()
<S>.isdecimal()
<S>.isalpha()
<S>.isalnum()
<S>.isspace()
<S>.isupper()
<S>.islower()
<S>.istitle()
<S>.isascii()
<S>.isidentifier()
<S>.isprintable()
""",
    "A": """
<S>
<S>
<I>
<F>
<L>
<D>
<B>
<X>
<D>['a']
<D>.x
<D>.get('x')
<D>.get('q', <A>)
<D>.get('q')
<L>[<I>]
<A>[<I>]
<A>[<SL>]
<A>['x']
<A>.x
<A>.upper()
<L>|first
<L>|last
<L>|min
<L>|max
<L>|min(attribute='x')
<L>|max(case_sensitive=true)
<L>|min(attribute=0)
<D>|first
<D>|last
<D>|attr('x')
[<A>]|random
{0: <A>}|random
<L>|sum
<L>|sum(start=[])
<L>|sum(attribute='x')
<A> if <B>
<A> if <A> else <A>
<A>|<FILTER>
<A>|<FILTER>(<A>)
<S>|<FILTER>
<L>|<FILTER>
<A> + <A>
<A> * <A>
<A> % <A>
<A> - <A>
<A> ~ <A>
<A> // <A>
<A>.<METHOD>()
<A>.<METHOD>(<A>)
<S>.<METHOD>(<A>)
<L>.<METHOD>(<A>)
<D>.<METHOD>(<A>)
""",
    "T": """
defined
undefined
none
true
false
boolean
integer
float
number
string
mapping
sequence
iterable
callable
lower
upper
odd
even
escaped
filter
test
divisibleby 3
divisibleby(<I>)
eq(<A>)
equalto <S>
ne <I>
lt <I>
gt(<N>)
le(<A>)
ge(<A>)
lessthan(<A>)
greaterthan(<A>)
in <L>
in(<A>)
sameas none
sameas true
sameas(<A>)
==(<A>)
""",
    "X": "",
}

SLICES = ["1:", ":2", "::-1", "::2", "-3:-1", "1:4", ":-1", "-1:", "3:1", "5:0:-2", "none:2", "::", "-2::-1", "1:none:1", "100:", "::-3", "0:0", "a:", "true:"]
SPECS = ["5", "<6", ">6", "^7", "*^9", "05", "+", ".2f", "8.3f", ",", ",.1f", "d", "x", "#x", "o", "b", "e", ".1e", "g", "%", ".0%", "s", ".2", "=+6", " ", "_", "X", "n", "c", "10.3", "<+8.1f", "06.1f", "G", "E", "z", "#b"]
PERCENTS = ["s", "d", "i", "f", ".1f", "5.2f", "05d", "+d", "-6d|", "x", "X", "#x", "o", "e", ".2e", "g", "r", "a", "c", "5s", "-5s|", ".2s", "%", " d", "u", "q", "05.1f", "*d", ".3g", "G", "E"]
LINKS = ["'https://example.org/a?b=c'", "'www.a.de/x,'", "'(http://a.b/(c))'", "'a@b.example '", "'mailto:a@b.c.'", "'<ab.com>'", "'http://1.2.3.4:5/'",
         "'http://[::1]/ '", "'tel:+1'", "'ftp://a.b'", "'x.y.org:80#z '", "'&lt;a.com&gt;'", "'http://localhost'", "'https://a.b:'", "'a.com) b.com] (c.com'"]
FILTERS = ["abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first", "float", "forceescape", "format",
           "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select",
           "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "urlize", "wordcount", "wordwrap", "strip"]
METHODS = ["strip", "split", "rsplit", "startswith", "endswith", "items", "keys", "values", "get", "copy", "count", "index", "find", "upper", "join", "append", "pop", "update", "title", "splitlines",
           "replace", "partition", "isdigit", "format", "zfill", "center", "removeprefix", "lstrip", "capitalize"]

STATEMENTS = [
    "{% for x in <A> %}{{ x }},{% endfor %}",
    "{% for x in <L> %}{{ loop.index }}{{ loop.first }}{{ x }}{{ loop.last }}{% else %}-{% endfor %}",
    "{% for x in <L> if <B> %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}",
    "{% for x in <L> if x %}{{ x }}{{ loop.revindex }}{% endfor %}",
    "{% for k, v in <D>.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in <D>|items %}{{ k }}={{ v|<FILTER> }};{% endfor %}",
    "{% for k, v in <D>|dictsort %}{{ loop.cycle('a', 'b') }}{{ k }}{% endfor %}",
    "{% for x in <L> %}{{ loop.changed(x) }}{{ loop.previtem }}|{{ loop.nextitem }}{% endfor %}",
    "{% for x in <L> recursive %}[{{ x if x is not iterable or x is string else loop(x) }}{{ loop.depth }}]{% endfor %}",
    "{% for x in <L> recursive %}{{ loop.depth0 }}{% if x is sequence and x is not string and x is not mapping %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for x in <L> %}{% if loop.index == 2 %}{% continue %}{% endif %}{% if x == <A> %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in <L> %}{% for y in <L> %}{{ x ~ y }}{{ loop.index }}{% endfor %}{{ loop.index0 }}{% endfor %}",
    "{% for x, y in <L> %}{{ x }}{{ y }}{% endfor %}",
    "{% set x = <A> %}{{ x }}{% for y in <L> %}{% set x = y %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=<A>) %}{% for y in <L> %}{% set ns.x = y %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(<D>, z=1) %}{{ ns.z }}{{ ns.a }}{{ ns['a'] }}",
    "{% set x, y = <L> %}{{ x }}{{ y }}",
    "{% set x %}{{ <A> }}{% endset %}{{ x|<FILTER> }}",
    "{% set x | upper %}{{ <A> }}{% endset %}{{ x }}",
    "{% set g = <L>|map('string') %}{{ g|list }}{{ g|list }}",
    "{% set g = <L>|select %}{% if g %}yes{% else %}no{% endif %}{{ g|first }}{{ g|list }}",
    "{% set g = <D>|items %}{% for k, v in g %}{{ k }}{% endfor %}{% for k, v in g %}{{ v }}{% endfor %}",
    "{% if <A> %}1{% elif <A> %}2{% else %}3{% endif %}",
    "{% if <B> and not <A> %}1{% endif %}",
    "{% macro m(x, y=<A>) %}{{ x }}-{{ y }}{% endmacro %}{{ m(<A>) }}{{ m(<A>, <A>) }}{{ m(y=1) }}",
    "{% macro m(x) %}{{ x }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, <A>, z=<A>) }}{{ m() }}",
    "{% macro m(x) %}{{ varargs|length }}{% endmacro %}{{ m(*<L>) }}",
    "{% macro m(x=1, y=x) %}{{ x }}{{ y }}{% endmacro %}{{ m(**<D>) }}{{ m() }}",
    "{% macro m(x, y) %}{{ x }}{{ y }}{{ kwargs }}{% endmacro %}{{ m(1, **{'y': <A>, 'q': 2}) }}",
    "{% macro m(x) %}<{{ caller(x) }}>{% endmacro %}{% call(z) m(<A>) %}{{ z }}!{% endcall %}",
    "{% macro m() %}{% if caller %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ m() }}{% call m() %}{{ <A> }}{% endcall %}",
    "{% macro m(x) %}{{ m.name }}{{ m.arguments }}{{ m.catch_varargs }}{{ m.caller }}{% endmacro %}{{ m(1) }}",
    "{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) ~ <A> }}",
    "{% filter upper %}{{ <A> }}{% endfilter %}",
    "{% filter <FILTER> %}a {{ <S> }} b{% endfilter %}",
    "{% filter replace('a', 'b')|trim %} a{{ <S> }} {% endfilter %}",
    "{% with x = <A>, y = <A> %}{{ x }}{{ y }}{% endwith %}{{ x }}",
    "{% generation %}{{ <A> }}{% endgeneration %}",
    "{{ <A> }} {{ <A> }}",
    "{{ <A> }}",
    "{% set x = <A> %}{% set y = <A> %}{{ x == y }}{{ x ~ y }}{{ [x, y] }}",
    "{% block b %}{{ <A> }}{% endblock %}",
    "{% set j = joiner('; ') %}{% for x in <L> %}{{ j() }}{{ x }}{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}",
    "{% for x in <A>|<FILTER> %}{{ x }}{% endfor %}",
    "{{ strftime_now('%d %b %Y') ~ <S> }}",
    "{% autoescape false %}{{ <S> }}{% endautoescape %}",
]

PIECES = ["a", " ", "  ", "\n", "\n\n", "\t", " \n ", "b\n", "\r\n", "{{ a }}", "{{- a }}", "{{ a -}}", "{{- a -}}", "{% if t %}", "{%- if t %}", "{% if t -%}", "{%- if t -%}", "{%+ if t %}", "{% if t +%}",
          "{# c #}", "{#- c #}", "{# c -#}", "{#- c -#}", "{#+ c +#}", "{% raw %}", "{%- raw -%}", "{% set x = 1 %}", "{%- set x = 1 -%}", "{%+ set x = 1 +%}", "{{ '\n' }}", "\u00a0", "}}", "%}", "{", "{ {", "x {", "\\n", "'"]


class Grammar:
    def __init__(self, rng):
        self.rng = rng
        self.forms = {kind: [line for line in text.split("\n") if line.strip()] for kind, text in FORMS.items()}

    def expression(self, kind="A", depth=0):
        rng = self.rng
        if kind == "T":
            return self.filled(rng.choice(self.forms["T"]), depth + 1)
        if kind == "N":
            kind = rng.choice("IIFB")
        if kind == "X" or (kind in ATOMS and (depth > 2 or rng.random() < 0.35 + 0.15 * depth)):
            return rng.choice(ATOMS[kind])
        if rng.random() < 0.04:
            kind = rng.choice("SIFLDBAX")
            return rng.choice(ATOMS.get(kind, ["n"]))
        text = self.filled(rng.choice(self.forms[kind]), depth + 1)
        return f"({text})" if depth > 0 else text

    def filled(self, form, depth):
        result, place = "", 0
        while place < len(form):
            end = form.find(">", place) if form[place] == "<" else -1
            name = form[place + 1 : end] if end > 0 else ""
            special = {"SL": SLICES, "SPEC": SPECS, "PCT": PERCENTS, "FILTER": FILTERS, "METHOD": METHODS, "LINK": LINKS}
            if name in special:
                result += self.rng.choice(special[name])
                place = end + 1
            elif name in FORMS:
                result += self.expression(name, depth)
                place = end + 1
            else:
                result += form[place]
                place += 1
        return result

    def space(self):
        """A template about white space around tags."""
        parts, opened = [], 0
        for _ in range(self.rng.randrange(2, 9)):
            piece = self.rng.choice(PIECES)
            parts.append(piece)
            if " if t" in piece:
                opened += 1
            elif "raw" in piece:
                parts += [self.rng.choice([" x ", "\n{{ a }}\n", ""]), self.rng.choice(["{% endraw %}", "{%- endraw -%}", "{%+ endraw +%}"])]
            if opened and self.rng.random() < 0.5:
                parts.append(self.rng.choice(["{% endif %}", "{%- endif %}", "{% endif -%}", "  {% endif %}\n", "{%+ endif +%}"]))
                opened -= 1
        return "".join(parts) + "{% endif %}" * opened

    def template(self):
        kind = self.rng.random()
        if kind < 0.6:
            return "{{ " + self.expression(self.rng.choice("SSSIFLLDBBAA")) + " }}"
        if kind < 0.9:
            return self.filled(self.rng.choice(STATEMENTS), 1)
        return self.space()
