"""Reads and checks the message schemas; README.md explains the notation. gen.py makes C++ of the result."""

import re

# Type in a schema: C++ type, reader call, bytes.
NUMBERS = {
    'bool': ('bool', 'boolean', 1), 'int8': ('std::int8_t', 'int8', 1), 'int16': ('std::int16_t', 'int16', 2),
    'uint16': ('std::uint16_t', 'uint16', 2), 'int32': ('std::int32_t', 'int32', 4),
    'uint32': ('std::uint32_t', 'uint32', 4), 'int64': ('std::int64_t', 'int64', 8),
    'float64': ('double', 'float64', 8), 'uuid': ('barnabas::uuid', 'uuid', 16),
}
BYTES = ('bytes', 'records')
# What stands below `api` and `record`, and what kind of message each word opens.
PARTS = {'api': ('request', 'response'), 'record': ('key', 'value')}
KINDS = {'request': 'request', 'response': 'response', 'key': 'record_key', 'value': 'record_value', 'header': 'header',
         'message': 'data'}
INTEGER_BITS = {'int8': 8, 'int16': 16, 'int32': 32, 'int64': 64}


class SchemaError(Exception):
    def __init__(self, file, line, what):
        super().__init__(f'{file}:{line}: {what}')


def snake_case(name):
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).lower()


class Range:
    """Versions low to high, both inclusive; high is None for "and all later ones" until it is bounded."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    @staticmethod
    def parse(text):
        match = re.fullmatch(r'(\d+)(\+|-(\d+))?', text)
        if not match:
            return None
        low = int(match[1])
        high = None if match[2] == '+' else int(match[3]) if match[3] else low
        return Range(low, high) if high is None or high >= low else None

    def within(self, outer):
        high = outer.high if self.high is None else min(self.high, outer.high)
        return Range(max(self.low, outer.low), high)

    def hull(self, other):
        """The smallest range around both; both are bounded."""
        if self.is_empty() or other.is_empty():
            return self if other.is_empty() else other
        return Range(min(self.low, other.low), max(self.high, other.high))

    def is_empty(self):
        return self.high < self.low

    def covers(self, other):
        return self.low <= other.low and self.high >= other.high

    def condition(self, outer):
        """C++ that tells whether `version`, known to lie in `outer`, lies in this range; '' when always."""
        parts = []
        if self.low > outer.low:
            parts.append(f'version >= {self.low}')
        if self.high < outer.high:
            parts.append(f'version <= {self.high}')
        return ' && '.join(parts)


class Field:
    def __init__(self, line, name, type_name, is_array, nullable, versions, doc):
        self.line, self.name, self.type_name, self.is_array = line, name, type_name, is_array
        self.declared, self.declared_nullable, self.doc = versions, nullable, doc
        self.versions, self.nullable = versions, nullable
        self.default, self.tag, self.plain = None, None, False
        self.children, self.struct, self.pooled = [], None, False
        self.cpp_name = snake_case(name)


class Struct:
    """Also a message, which is the outermost struct. `range` is the range of versions it can occur in: the hull of
    those of all fields that are of its type."""

    def __init__(self, name, fields, versions, line):
        self.name, self.fields, self.range, self.line = name, fields, versions, line
        self.cpp_name = snake_case(name)


class Message(Struct):
    def __init__(self, name, versions, flexible, unstable, line):
        super().__init__(name, [], versions, line)
        self.flexible, self.unstable = flexible, unstable
        # Whether its arrays share memory and its strings are slices of the frame.
        self.pooled = False
        self.structs = []
        self.kind, self.api_key, self.doc = 'data', -1, []


class Parser:
    def __init__(self, path):
        self.path = path
        # The word that opened the file, `api` or `record`, with its number and name.
        self.opening, self.number, self.name = None, None, None
        # Of an API: per version the Kafka release that brought it.
        self.since = []
        self.doc, self.messages = [], []

    def error(self, line, what):
        return SchemaError(self.path, line, what)

    def parse(self):
        stack = []
        with open(self.path, encoding='utf-8') as file:
            lines = file.read().split('\n')
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            if text.startswith('#'):
                self.doc.append(text[1:].strip())
                continue
            indent = len(text) - len(text.lstrip(' '))
            if indent % 2 or '\t' in text:
                raise self.error(number, 'indent with two spaces for each level')
            if indent == 0:
                self.parse_top(number, text.split())
                stack = [self.messages[-1].fields] if self.messages else []
                continue
            level = indent // 2
            if level > len(stack):
                raise self.error(number, 'this line is indented deeper than anything it could belong to')
            field = self.parse_field(number, text)
            del stack[level:]
            stack[level - 1].append(field)
            stack.append(field.children)
        if not self.messages:
            raise self.error(1, 'there is no message in this file')
        self.check_since()
        for message in self.messages:
            message.api_key = -1 if self.number is None else self.number
            message.doc = self.doc
            Resolver(self, message).resolve()
        return self

    def parse_top(self, number, words):
        if words[0] == 'since':
            return self.parse_since(number, words[1:])
        if words[0] in PARTS:
            if len(words) != 3 or not words[1].isdigit() or self.opening is not None or self.messages:
                raise self.error(number, f'write `{words[0]} NUMBER Name` once and first')
            self.opening, self.number, self.name = words[0], int(words[1]), words[2]
            return
        owner = [opening for opening, parts in PARTS.items() if words[0] in parts]
        if owner:
            if self.opening != owner[0]:
                raise self.error(number, f'`{owner[0]} NUMBER Name` must stand above `{words[0]}`')
            name, rest = self.name + words[0].capitalize(), words[1:]
        elif words[0] in ('header', 'message') and len(words) > 1 and self.opening is None:
            name, rest = words[1], words[2:]
        else:
            raise self.error(number, f'`{words[0]}` is none of api, since, request, response, record, key, value, header, message')
        if any(message.name == name for message in self.messages):
            raise self.error(number, f'{name} stands here twice')
        self.messages.append(self.parse_message(number, name, rest))
        self.messages[-1].kind = KINDS[words[0]]

    def parse_since(self, number, releases):
        if self.opening != 'api' or self.since or self.messages:
            raise self.error(number, '`since` stands once, between `api` and `request`')
        for release in releases:
            if not re.fullmatch(r'(early:)?\d+(\.\d+)+', release):
                raise self.error(number, f'`{release}` is no release')
        self.since = releases

    def check_since(self):
        if self.opening != 'api':
            return
        for message in self.messages:
            if len(self.since) != message.range.high - message.range.low + 1:
                raise self.error(message.line, f'`since` names {len(self.since)} releases, not one for each version of {message.name}')

    def parse_message(self, number, name, words):
        pooled = words[-1:] == ['pooled']
        words = words[:-1] if pooled else words
        options = dict(zip(words[1::2], words[2::2]))
        versions = Range.parse(words[0]) if words else None
        wrong_options = len(words) % 2 == 0 or set(options) - {'flexible', 'unstable'}
        if versions is None or versions.high is None or wrong_options:
            raise self.error(number, 'write `LOW-HIGH flexible N+|none [unstable N] [pooled]` behind the name')
        flexible = options.get('flexible', '')
        if flexible == 'none':
            first_flexible = 32767
        else:
            parsed = Range.parse(flexible)
            if parsed is None or parsed.high is not None or parsed.low > versions.high:
                raise self.error(number, '`flexible` needs `N+` with a version of the message, or `none`')
            first_flexible = parsed.low
        unstable = options.get('unstable')
        if unstable is not None and unstable != str(versions.high):
            raise self.error(number, 'only the highest version can be unstable')
        message = Message(name, versions, first_flexible, unstable is not None, number)
        message.pooled = pooled
        return message

    def parse_field(self, number, text):
        head, bar, doc = text.partition('|')
        words = head.split()
        if not bar or not doc.strip():
            raise self.error(number, 'a field needs `| what it means` at its end')
        if len(words) < 3:
            raise self.error(number, 'write `name type versions [= default] [tag N] [plain] | what it means`')
        if not re.fullmatch(r'[a-z][A-Za-z0-9]*', words[0]):
            raise self.error(number, f'field name `{words[0]}` is not lower camel case')
        match = re.fullmatch(r'(\[\])?(\w+)(\?(\S*))?', words[1])
        if not match:
            raise self.error(number, f'`{words[1]}` is no type')
        versions = Range.parse(words[2])
        nullable = None
        if match[3]:
            nullable = Range.parse(match[4]) if match[4] else Range(0, None)
            if nullable is None:
                raise self.error(number, f'`{match[4]}` is no range of versions')
        if versions is None:
            raise self.error(number, f'`{words[2]}` is no range of versions')
        field = Field(number, words[0], match[2], bool(match[1]), nullable, versions, doc.strip())
        self.parse_options(field, words[3:])
        return field

    def parse_options(self, field, words):
        while words:
            if words[0] == '=' and len(words) > 1 and field.default is None:
                field.default, words = words[1], words[2:]
            elif words[0] == 'tag' and len(words) > 1 and words[1].isdigit() and field.tag is None:
                field.tag, words = int(words[1]), words[2:]
            elif words[0] == 'plain':
                field.plain, words = True, words[1:]
            else:
                raise self.error(field.line, f'`{words[0]}` is none of `= default`, `tag N`, `plain`')


class Resolver:
    """Bounds all ranges, connects types to structs and refuses what makes no sense."""

    def __init__(self, parser, message):
        self.parser, self.message = parser, message

    def error(self, line, what):
        return self.parser.error(line, what)

    def resolve(self):
        self.bound(self.message, self.message.range)
        for struct in self.message.structs + [self.message]:
            self.check_struct(struct)

    def bound(self, struct, versions):
        """Cuts the ranges of all fields to those of the struct, and finds the structs that fields name. A struct that is
        used again is widened to the new place's versions as well."""
        struct.range = versions
        for field in struct.fields:
            field.pooled = self.message.pooled
            field.versions = field.declared.within(versions)
            if field.declared_nullable:
                field.nullable = field.declared_nullable.within(field.versions)
            if field.type_name[0].isupper():
                self.bound_type(field)

    def bound_type(self, field):
        known = {struct.name: struct for struct in self.message.structs}
        if field.struct is None and field.children and field.type_name in known:
            raise self.error(field.line, f'struct {field.type_name} is defined twice')
        if field.struct is None and not field.children:
            field.struct = known.get(field.type_name)
            if field.struct is None:
                raise self.error(field.line, f'struct {field.type_name} has no fields, here or above')
        if field.struct:
            self.bound(field.struct, field.struct.range.hull(field.versions))
            return
        field.struct = Struct(field.type_name, field.children, field.versions, field.line)
        self.bound(field.struct, field.versions)
        self.message.structs.append(field.struct)

    def check_struct(self, struct):
        names = {other.cpp_name for other in self.message.structs}
        seen, tags = set(), set()
        if not struct.fields:
            raise self.error(struct.line, f'{struct.name} has no fields')
        for field in struct.fields:
            if field.cpp_name in names:
                raise self.error(field.line, f'field {field.name} has the name of a struct: rename the struct')
            if field.name in seen:
                raise self.error(field.line, f'field {field.name} stands here twice')
            seen.add(field.name)
            if field.versions.is_empty():
                raise self.error(field.line, f'no version of {struct.name} has field {field.name}')
            self.check_type(field)
            self.check_nullable(field)
            self.check_default(field)
            self.check_tag(field, tags)

    def check_type(self, field):
        if field.struct is None and field.type_name not in NUMBERS and field.type_name not in BYTES + ('string',):
            raise self.error(field.line, f'`{field.type_name}` is no type')
        if field.children and field.struct is None:
            raise self.error(field.line, f'only a struct has fields of its own, not {field.type_name}')

    def check_nullable(self, field):
        if field.nullable is None:
            return
        if field.nullable.is_empty():
            raise self.error(field.line, 'the field is in none of the versions in which it may be null')
        if not field.is_array and field.type_name in NUMBERS:
            raise self.error(field.line, 'only strings, bytes, records, structs and arrays can be null')

    def check_default(self, field):
        default = field.default
        if default is None:
            return
        if default == 'empty' and field.nullable:
            return
        bits = INTEGER_BITS.get(field.type_name)
        if field.is_array or not (bits or field.type_name == 'bool'):
            raise self.error(field.line, 'only integers and bool take a default, and nullable fields `= empty`; '
                                         'others start empty, nullable ones null')
        if bits is None:
            fits = default in ('true', 'false')
        else:
            limit = 1 << (bits - 1)
            fits = bool(re.fullmatch(r'-?\d+', default)) and -limit <= int(default) < limit
        if not fits:
            raise self.error(field.line, f'`{default}` is no {field.type_name}')

    def check_tag(self, field, tags):
        if field.tag is None:
            return
        if field.tag in tags:
            raise self.error(field.line, f'tag {field.tag} is taken')
        tags.add(field.tag)
        if field.versions.low < self.message.flexible:
            raise self.error(field.line, 'only flexible versions have tagged fields')
