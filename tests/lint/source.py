"""C++ text as the rules need it: without comments and literals, and cut into functions."""

import re

_PIECES = re.compile(
    r'//[^\n]*(?:\\\n[^\n]*)*'                       # a line comment, perhaps continued
    r'|/\*.*?\*/'                                    # a block comment
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'  # a raw string
    r'|"(?:\\.|[^"\\\n])*"'                          # a string
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",        # a character, not a digit separator
    re.DOTALL)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.MULTILINE)
# A macro that stands alone in its line and needs no semicolon.
_LONELY_MACRO = re.compile(r'^(?:CAF|BARNABAS)_[A-Z_]+\([^(){}\n]*\)[ \t]*$', re.MULTILINE)
# A row of a table that is written as a switch.
_TABLE_ROW = re.compile(r'^[ \t]*case [^;?{}]+: return [^;{}]+;[ \t]*$', re.MULTILINE)
_CONTAINER = re.compile(r'^(?:\[\[.*?\]\]\s*)?(?:inline\s+|export\s+|typedef\s+|static\s+|constexpr\s+|const\s+)*'
                        r'(?:namespace|class|struct|union|enum|extern)\b')
_CONTROL = re.compile(r'^(?:if|for|while|switch|catch|do|else|try)\b')


def _blank(text):
    return ''.join(c if c == '\n' else ' ' for c in text)


def without_comments(text):
    """Comments become blanks; literals and the number of lines stay."""
    def keep_literal(found):
        piece = found.group(0)
        return _blank(piece) if piece.startswith(('//', '/*')) else piece
    return _PIECES.sub(keep_literal, text)


def without_comments_and_literals(text):
    """Comments and the inside of literals become blanks; columns and lines stay."""
    def empty_literal(found):
        piece = found.group(0)
        if piece.startswith(('//', '/*')):
            return _blank(piece)
        return piece[0] + _blank(piece[1:-1]) + piece[-1]
    # An include's file name is no literal that could hide a call: it is read elsewhere.
    return _PIECES.sub(empty_literal, text)


def includes(text):
    """(line, name with its brackets or quotes) of every include."""
    code = without_comments(text)
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"][^>"\n]+[>"])', code, re.MULTILINE):
        yield code.count('\n', 0, found.start()) + 1, found.group(1)


def _head_kind(head, inside_function):
    if inside_function:
        return 'block'
    head = ' '.join(head.split())
    # template <...> before a name
    while head.startswith('template'):
        depth, at = 0, head.find('<')
        while at >= 0 and at < len(head):
            depth += (head[at] == '<') - (head[at] == '>')
            at += 1
            if depth == 0:
                break
        rest = head[at:].strip() if at >= 0 else ''
        if rest == head:
            break
        head = rest
    if _CONTAINER.match(head):
        # `struct x f() {` is a function that returns a struct.
        return 'function' if re.search(r'\)\s*(?:const|noexcept|override|final|\s)*$', head) and \
            not head.startswith(('namespace', 'extern')) else 'container'
    if '(' in head and not head.endswith('=') and not _CONTROL.match(head) and ' = ' not in head.split('(')[0]:
        return 'function'
    return 'block'


class Function:
    """One function body: its lines, its name, the text before its brace and the text between its braces."""

    def __init__(self, first, last, head, body):
        self.first, self.last, self.head, self.body = first, last, head, body
        self.name = (re.findall(r'[\w:~]+(?=\s*\()', head) or ['?'])[0]


def bare(text):
    """Code without comments, literals, directives, and macros that stand alone."""
    code = without_comments_and_literals(text)
    for pattern in (_DIRECTIVE, _LONELY_MACRO):
        code = pattern.sub(lambda found: _blank(found.group(0)), code)
    return code


class _Cutter:
    """Walks over bare code once and cuts it into function bodies and statements of namespaces."""

    def __init__(self, code):
        self.code, self.stack, self.line, self.depth = code, [], 1, 0
        self.head, self.head_line, self.in_function = '', 1, 0
        self.functions, self.statements = [], []

    def run(self):
        for at, c in enumerate(self.code):
            self.line += c == '\n'
            self.depth += (c == '(') - (c == ')')
            if c == '{' and (self.depth == 0 or self.in_function):
                self.enter(at)
            elif c == '}' and self.stack and (self.depth == 0 or self.in_function):
                self.leave(at)
            elif c == ';' and self.depth == 0:
                self.state()
                self.head = ''
            else:
                if not self.head.strip():
                    self.head_line = self.line
                self.head += c
        return self

    def enter(self, at):
        kind = _head_kind(self.head, self.in_function > 0)
        if kind == 'block':
            self.state()
        self.stack.append((kind, self.head_line if self.head.strip() else self.line, self.head, at))
        self.in_function += kind == 'function'
        self.head = ''

    def leave(self, at):
        kind, first, about, begin = self.stack.pop()
        if kind == 'function':
            self.in_function -= 1
            self.depth = 0
            self.functions.append(Function(first, self.line, about, self.code[begin + 1:at]))
        self.head = ''

    def state(self):
        inside = [kind if kind != 'container' else re.search(r'\b(namespace|extern)\b', head) and 'namespace'
                  for kind, _, head, _ in self.stack]
        if self.head.strip() and all(one == 'namespace' for one in inside):
            self.statements.append((self.head_line, ' '.join(self.head.split())))


def cut(text):
    return _Cutter(bare(text)).run()


def functions(text):
    """(first line, last line, name) of every function body; lambdas belong to the function around them."""
    for one in cut(text).functions:
        yield one.first, one.last, one.name


def parameters(head):
    """How many parameters the function with that head takes."""
    found = re.search(r'operator\s*\(\s*\)\s*|[\w:~>]+\s*(?=\()', head)
    if found is None:
        return 0
    count, depth, some, before = 1, 0, False, ''
    for c in head[head.index('(', found.end()):]:
        depth += (c in '([{<') - (c in ')]}' or (c == '>' and before != '-'))
        if depth == 0:
            break
        some = some or (c not in '( \n')
        count += c == ',' and depth == 1
        before = c
    return count if some else 0


_TOKEN = re.compile(r'\w+|::|->|\S')
_PAIRS = {'(': ')', '[': ']', '{': '}'}


class _Nesting:
    """How deep control statements lie in each other. A lambda is a function of its own and starts anew."""

    def __init__(self, body):
        self.tokens, self.at, self.deepest = _TOKEN.findall(body) + ['}'], 0, 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else '}'

    def block(self, level):
        while self.at < len(self.tokens) and self.peek() != '}':
            self.statement(level)
        self.at += 1

    def inner(self, level):
        self.deepest = max(self.deepest, level)
        self.statement(level)

    def condition(self):
        while self.peek() not in ('(', '{', '}'):
            self.at += 1
        if self.peek() == '(':
            self.group()

    def statement(self, level):
        word = self.peek()
        self.at += 1
        if word == '{':
            self.block(level)
        elif word == 'if':
            self.condition()
            self.inner(level + 1)
            if self.peek() == 'else':
                self.at += 1
                if self.peek() == 'if':
                    self.statement(level)
                else:
                    self.inner(level + 1)
        elif word in ('for', 'while', 'switch', 'catch'):
            self.condition()
            self.inner(level + 1)
        elif word in ('do', 'try'):
            self.inner(level + (word == 'do'))
        elif word in ('case', 'default'):
            while self.at < len(self.tokens) and self.peek() not in (':', '}'):
                self.at += 1
            self.at += self.peek() == ':'
        else:
            self.at -= 1
            self.expression()

    def expression(self):
        while self.at < len(self.tokens):
            token = self.peek()
            if token == ';':
                self.at += 1
                return
            if token == '}':
                return
            self.piece()

    def piece(self):
        token, before = self.tokens[self.at], self.tokens[self.at - 1] if self.at else ''
        if token == '[' and not re.match(r'[\w)\]]', before) or token == '[' and before in ('return', 'co_return'):
            self.lambda_expression()
        elif token in _PAIRS:
            self.group()
        else:
            self.at += 1

    def group(self):
        closing = _PAIRS[self.peek()]
        self.at += 1
        while self.at < len(self.tokens) and self.peek() != closing:
            self.piece()
        self.at += 1

    def lambda_expression(self):
        attribute = self.tokens[self.at + 1] == '['
        self.group()
        if attribute:
            return
        while self.peek() not in ('{', ';', ')', ']', '}', ','):
            if self.peek() == '(':
                self.group()
            else:
                self.at += 1
        if self.peek() == '{':
            self.at += 1
            self.block(0)


def nesting(body):
    """The deepest level of control statements in a function's body."""
    walk = _Nesting(body)
    walk.block(0)
    return walk.deepest


def table_rows(text, first, last):
    """How many lines of a function are rows of a table: `case x: return y;`."""
    lines = without_comments_and_literals(text).split('\n')[first - 1:last]
    return len(_TABLE_ROW.findall('\n'.join(lines)))
