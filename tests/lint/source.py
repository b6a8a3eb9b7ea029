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


def functions(text):
    """(first line, last line, name) of every function body; lambdas belong to the function around them."""
    code = without_comments_and_literals(text)
    for pattern in (_DIRECTIVE, _LONELY_MACRO):
        code = pattern.sub(lambda found: _blank(found.group(0)), code)
    stack, line, head, depth, head_line = [], 1, '', 0, 1
    for c in code:
        if c == '\n':
            line += 1
        if c == '(':
            depth += 1
        elif c == ')':
            depth -= 1
        if c == '{' and (depth == 0 or 'function' in (kind for kind, _, _ in stack)):
            inside = any(kind == 'function' for kind, _, _ in stack)
            stack.append((_head_kind(head, inside), head_line if head.strip() else line, head))
            head = ''
        elif c == '}' and stack and (depth == 0 or any(kind == 'function' for kind, _, _ in stack)):
            kind, first, about = stack.pop()
            if kind == 'function':
                depth = 0
                name = re.findall(r'[\w:~]+(?=\s*\()', about) or ['?']
                yield first, line, name[0]
            head = ''
        elif c == ';' and depth == 0:
            head = ''
        else:
            if not head.strip():
                head_line = line
            head += c


def table_rows(text, first, last):
    """How many lines of a function are rows of a table: `case x: return y;`."""
    lines = without_comments_and_literals(text).split('\n')[first - 1:last]
    return len(_TABLE_ROW.findall('\n'.join(lines)))
