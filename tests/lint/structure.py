"""What lies where: libraries and what they link, tables and the files that they list."""

import os
import posixpath
import re

from tree import matches

FREE = ('cmd', 'tests', 'fuzz')


def _between(text, opening):
    """The text from an opening parenthesis to its closing one."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] in '([') - (text[at] in ')]')
        if depth == 0:
            return text[opening + 1:at]
    return text[opening + 1:]


def _dependencies(call):
    """Names of the dependencies that a call of meson links; partial ones bring headers only."""
    found = re.search(r'\bdependencies\s*:\s*', call)
    if found is None:
        return []
    rest = call[found.end():]
    listed = _between(rest, 0) if rest.startswith('[') else re.match(r'\w+(?:\.\w+\([^)]*\))*', rest).group(0)
    return [name for name, member in re.findall(r'\b([a-z]\w*_dep)\b(\.partial_dependency)?', listed) if not member]


def libraries_of(tree):
    """(file, line, folder, name, dependencies) of every static library and declared dependency."""
    for path in tree.paths:
        if os.path.basename(path) != 'meson.build' or path.startswith('tests/lint/'):
            continue
        text = re.sub(r'#[^\n]*', '', tree.text(path))
        for found in re.finditer(r'\b(\w+)\s*=\s*(?:static_library|declare_dependency)\s*(?=\()', text):
            line = text.count('\n', 0, found.start()) + 1
            yield path, line, posixpath.dirname(path), found.group(1), _dependencies(_between(text, found.end()))


def _rows(tree, section):
    """{name: words} of a section of layers.txt."""
    rows = {}
    for line in tree.sections('tests/lint/layers.txt').get(section, []):
        name, words = line.split(':')
        rows[name.strip()] = words.split()
    return rows


def links(tree):
    """A library links only libraries below it, and a role only what tests/lint/layers.txt names."""
    libraries = list(libraries_of(tree))
    homes = {name: folder for _, _, folder, name, _ in libraries if name.endswith('_dep') and folder}
    layers, parts = _rows(tree, 'layers'), _rows(tree, 'parts of protocol')
    roles, foreign = _rows(tree, 'links'), _rows(tree, 'foreign libraries')
    used = {}
    for path, line, folder, name, dependencies in libraries:
        top = folder.split('/')[0]
        if top in FREE:
            continue
        used.setdefault(folder, set()).update(dependencies)
        for one in dependencies:
            home = homes.get(one)
            allowed = parts.get(folder, layers.get(top, []))
            if folder in roles and one not in roles[folder]:
                yield path, line, f'{name} links {one}, which its role may not (tests/lint/layers.txt, [links])'
            elif home is not None and not any(home == part or home.startswith(part + '/') for part in allowed):
                yield path, line, f'{name} links {one} of {home}, which its layer may not see'
            elif one in foreign and not any(folder == part or folder.startswith(part + '/') for part in foreign[one]) or \
                    one == 'caf_dep' and folder in roles:
                yield path, line, f'{name} links {one}, which is not for {folder}'
    for folder, allowed in roles.items():
        for one in sorted(set(allowed) - used.get(folder, set())) if folder in used else []:
            yield f'{folder}/meson.build', 0, f'does not link {one} any more; remove it from tests/lint/layers.txt, [links]'


class Table:
    """One table of tests/lint/tables.txt: files of a kind, the file that lists them, and how a row looks."""

    def __init__(self, name, words):
        self.name = name
        self.files, self.table, self.row = words['files'], words['table'], words['row']
        self.named, self.says = words.get('named', '{name}'), words.get('says')

    def name_of(self, path):
        """What a row calls that file: its name without its ending and what every name of the kind has."""
        before, after = self.named.split('{name}')
        name = posixpath.basename(path).split('.')[0]
        return name[len(before):len(name) - len(after)] if name.startswith(before) and name.endswith(after) else None


def tables_of(tree):
    for name, lines in tree.sections('tests/lint/tables.txt').items():
        yield Table(name, dict((part.strip() for part in line.split(':', 1)) for line in lines))


def tables(tree):
    """Every file of a kind has its row in the kind's table, and every row its file."""
    for one in tables_of(tree):
        files = {}
        for path in tree.paths:
            if path == one.table or not matches(path, one.files.split()) or one.name_of(path) is None:
                continue
            if one.says is None or re.search(one.says, tree.code(path)):
                files[one.name_of(path)] = path
        if one.table not in tree.paths:
            if files:
                yield one.table, 0, f'is missing, and {len(files)} files of the kind {one.name} have no table'
            continue
        text = tree.text(one.table)
        if not one.table.endswith('.txt'):
            text = re.sub(r'//[^\n]*|^\s*#[^\n]*', '', text, flags=re.MULTILINE)
        rows = re.findall(one.row, text, re.MULTILINE)
        for name in sorted(set(files) - set(rows)):
            yield files[name], 0, f'has no row in {one.table}'
        for name in sorted(set(rows) - set(files)):
            yield one.table, 0, f'has a row for {name}, which has no file ({one.files})'
        for name in sorted({name for name in rows if rows.count(name) > 1}):
            yield one.table, 0, f'has {rows.count(name)} rows for {name}'


def first_includes(tree):
    """x.cpp includes x.hpp first: so the compiler sees that the header stands alone."""
    for path in tree.cpp():
        header = path[:-4] + '.hpp'
        if not path.endswith('.cpp') or header not in tree.paths:
            continue
        found = re.search(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"|^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>', tree.text(path),
                          re.MULTILINE)
        if found is None or found.group(1) != header:
            yield path, 0, f'does not include {header} first'


MARK = re.compile(r'\bBARNABAS_MARK(?:_IF)?\s*\(')


def marks(tree):
    """Marks have names of their own, and stand where each is one place in the program."""
    seen = {}
    for path in tree.cpp():
        code = tree.code(path)
        if path == 'protocol/model/mark.hpp' or 'BARNABAS_MARK' not in code:
            continue
        for found in MARK.finditer(code):
            line, inside = code.count('\n', 0, found.start()) + 1, _between(code, found.end() - 1)
            name = inside.split(',')[-1].strip()
            if path.endswith('.hpp'):
                yield path, line, f'has the mark {name} in a header, where every copy would be a mark'
            if not re.fullmatch(r'[a-z][a-z0-9_]*', name):
                yield path, line, f"has a mark whose name '{name}' is not in small letters"
            elif name in seen:
                yield path, line, f'has the mark {name} a second time; it also stands in {seen[name]}'
            seen.setdefault(name, f'{path}:{line}')
        for one in tree.cut(path).functions:
            if MARK.search(one.body) and re.match(r'\s*(?:template|inline)\b', one.head):
                yield path, one.first, f'has a mark in {one.name}, which is a template or inline: its copies would each be a mark'


ALL = [links, tables, first_includes, marks]
