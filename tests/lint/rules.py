"""The rules. Each takes a tree and yields (path, line, problem); `line` is 0 when the whole file is meant."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import determinism
import sizes
import source
import structure
from tree import LAYERS, TEXT, line_of, matches
TOP_LEVEL = {'protocol', 'runtime', 'actors', 'sim', 'cmd', 'tests', 'fuzz', 'docs', '.ci', 'meson.build',
             'meson_options.txt', 'README.md', 'LICENSE', 'NOTICE', '.clang-format', '.gitignore', '.gitattributes'}

EVERYWHERE_IN_HEADERS = {'<iostream>', '<regex>', '<caf/all.hpp>', '<boost/asio.hpp>'}
# Words and paths are put together here so that this file does not break its own rule.
WORDS = re.compile(r'\b(?:' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK')) + r')\b')
PATHS = re.compile(r'(?<![\w.:/-])/(?:' + '|'.join(('wo' + 'rk', 'ro' + 'ot', 'ho' + 'me', 'Us' + 'ers')) + r')/')


def layers(tree):
    """An include goes only where tests/lint/layers.txt lets it."""
    sections = tree.sections('tests/lint/layers.txt')
    edges = {}
    for line in sections.get('layers', []) + sections.get('parts of protocol', []):
        folder, allowed = line.split(':')
        edges[folder.strip()] = allowed.split()
    roles = sections.get('roles', [])
    for path in tree.cpp():
        top, part = path.split('/')[0], '/'.join(path.split('/')[:2])
        for line, name in source.includes(tree.text(path)):
            target = name.strip('<>"')
            if name[0] != '"' or target.split('/')[0] not in LAYERS:
                continue
            if not any(target.startswith(one + '/') for one in edges.get(part, edges.get(top, []))):
                yield path, line, f'includes {target}, which its layer may not see'
            elif top == 'actors' and target.startswith('actors/') and not target.startswith(part + '/') and \
                    not matches(target, roles) and not path.endswith(('_actor.cpp', '_actor.hpp')):
                yield path, line, f'includes {target} of another role, which is neither its messages nor its actor'


def libraries(tree):
    """CAF and Asio stay in their homes; heavy headers stay out of headers."""
    sections = tree.sections('tests/lint/layers.txt')
    for path in tree.cpp():
        for line, name in source.includes(tree.text(path)):
            target = name.strip('<>"')
            message = target == 'caf/allowed_unsafe_message_type.hpp' and matches(path, sections.get('caf messages', []))
            if target.startswith('caf/') and not message and not matches(path, sections.get('caf', [])):
                yield path, line, f'includes {target}; machines know no CAF'
            if target.startswith('boost/asio') and not matches(path, sections.get('asio', [])):
                yield path, line, f'includes {target}; Asio lives in runtime/'
            if target.startswith('caf/io'):
                yield path, line, f'includes {target}; sockets go through runtime/network'
            if path.endswith('.hpp') and name in EVERYWHERE_IN_HEADERS:
                yield path, line, f'includes {target} in a header'


def headers(tree):
    """Headers are included once and leave the reader's namespace alone."""
    for path in tree.cpp():
        if path.endswith('.hpp'):
            code = tree.code(path)
            # A precompiled header is a main file, where the compiler refuses the line.
            if not path.endswith('_pch.hpp') and not re.match(r'\s*#pragma once\b', code):
                yield path, 1, 'does not begin with #pragma once'
            for found in re.finditer(r'\busing\s+namespace\b', code):
                yield path, line_of(code, found.start()), 'has a using namespace in a header'


def listed(tree):
    """Every source file is in a meson.build: a forgotten one would rot unseen."""
    builds = {os.path.dirname(path): tree.text(path) for path in tree.paths if os.path.basename(path) == 'meson.build'}
    for path in tree.cpp():
        if not path.endswith('.cpp'):
            continue
        folder, name, found = os.path.dirname(path), os.path.basename(path), False
        while folder and not found:
            text = builds.get(folder, '')
            found = any(f"'{one}'" in text for one in (name, name[:-4], name[:-4].removesuffix('_fuzz')))
            name, folder = os.path.basename(folder) + '/' + name, os.path.dirname(folder)
        if not found:
            yield path, 0, 'is in no meson.build'


def readmes(tree):
    """Every folder says what lives in it."""
    folders = set()
    for path in tree.paths:
        parts = path.split('/')
        if parts[0] in LAYERS and len(parts) > 1:
            folders.add(parts[0])
            if len(parts) > 2:
                folders.add('/'.join(parts[:2]))
    for folder in sorted(folders):
        if f'{folder}/README.md' not in tree.paths:
            yield folder, 0, 'has no README.md'


def top_level(tree):
    """The top of the repository holds what docs/architecture.md lists."""
    for name in sorted({path.split('/')[0] for path in tree.paths} - TOP_LEVEL):
        yield name, 0, 'is no entry that the top level may have'


def words(tree):
    """No unfinished business, no paths of somebody's machine."""
    for path in tree.paths:
        if os.path.splitext(path)[1] not in TEXT or path == 'LICENSE':
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if found := WORDS.search(line):
                yield path, number, f'says {found.group(0)}'
            if found := PATHS.search(line):
                yield path, number, f'names a path of one machine: {line[found.start():found.start() + 40].strip()}'


def format(tree):
    """clang-format would change nothing."""
    files = tree.cpp()
    groups = [files[i::8] for i in range(8) if files[i::8]]

    def check(group):
        done = subprocess.run(['clang-format', '--dry-run', '-Werror', '--ferror-limit=1', *group], cwd=tree.root,
                              capture_output=True, text=True, check=False)
        return done.stderr

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for output in pool.map(check, groups):
            for found in re.finditer(r'^(\S+?):(\d+):\d+: error: code should be clang-formatted', output, re.MULTILINE):
                yield found.group(1), int(found.group(2)), 'is not formatted (clang-format -i)'


ALL = [layers, libraries, *determinism.ALL, *sizes.ALL, *structure.ALL, headers, listed, readmes, top_level, words, format]
