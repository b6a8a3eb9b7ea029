"""The rules. Each takes a tree and yields (path, line, problem); `line` is 0 when the whole file is meant."""

import fnmatch
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import source

CODE = ('.cpp', '.hpp')
TEXT = CODE + ('.py', '.md', '.txt', '.build', '.capnp', '.js', '.json', '.sh', '')
LAYERS = ('protocol', 'runtime', 'actors', 'sim', 'cmd', 'tests', 'fuzz')
TOP_LEVEL = {'protocol', 'runtime', 'actors', 'sim', 'cmd', 'tests', 'fuzz', 'docs', '.ci', 'meson.build',
             'meson_options.txt', 'README.md', 'LICENSE', 'NOTICE', '.clang-format', '.gitignore', '.gitattributes'}
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50

# Where nothing may be read that is not deterministic: clocks, threads, chance, files, sockets, the environment.
DETERMINISTIC = ('protocol/', 'actors/', 'sim/')
CALLS = [
    (r'\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\b', 'reads a clock'),
    (r'(?:\bstd::|(?<![\w:])::)(?:time|clock)\s*\(|(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0)\s*\)', 'reads a clock'),
    (r'\b(?:gettimeofday|clock_gettime|localtime\w*|gmtime\w*)\s*\(', 'reads a clock'),
    (r'\bthis_thread\b|(?<![\w.>])(?:sleep|usleep|nanosleep)\s*\(', 'sleeps or asks for its thread'),
    (r'\bstd::(?:jthread|thread|(?:\w+_)?mutex|atomic\w*|condition_variable\w*|future|promise|async|\w+_semaphore|latch'
     r'|barrier|lock_guard|unique_lock|scoped_lock|call_once)\b', 'uses threads'),
    (r'\bthread_local\b', 'keeps a variable per thread'),
    (r'(?<![\w.>])s?rand\s*\(|\brandom_device\b|\bmt19937\w*|\bdefault_random_engine\b|\w+_distribution\b',
     'draws random numbers that differ between libraries'),
    (r'\bstd::(?:ranges::)?(?:shuffle|sample|random_shuffle)\b', 'shuffles as the library likes'),
    (r'(?<![\w.>])(?:secure_)?getenv\s*\(|(?<![\w.>])setenv\s*\(', 'reads the environment'),
    (r'\bfopen\s*\(|\bstd::(?:basic_)?[io]?fstream\b|\bstd::filesystem\b', 'touches files'),
    (r'(?<![\w>)\]])::(?:open|socket|bind|listen|accept|connect|read|write|fork|mmap|unlink|rename)\s*\(',
     'calls the operating system'),
    (r'\bstd::(?:cout|cerr|clog|cin)\b|(?<![\w.>])(?:printf|puts)\s*\(', 'writes to the terminal'),
    (r'\bstd::hash\s*<[^>]*\*', 'hashes an address'),
]
HEADERS = {'<thread>', '<mutex>', '<shared_mutex>', '<atomic>', '<condition_variable>', '<future>', '<semaphore>',
           '<latch>', '<barrier>', '<random>', '<fstream>', '<filesystem>', '<iostream>', '<ctime>', '<time.h>',
           '<unistd.h>', '<fcntl.h>', '<poll.h>', '<netdb.h>'}
HEADER_FAMILIES = ('<sys/', '<netinet/', '<arpa/', '<linux/')
# What an actor of ours never does with CAF.
CAF_CALLS = [
    (r'\bscoped_actor\b|\bblocking_actor\b', 'blocks'),
    (r'\bcaf::detached\b|\bcaf::infinite\b|\bcaf::lazy_init\b', 'leaves the home loop or waits for ever'),
    (r'(?:->|\.)spawn\s*[<(]', 'spawns without runtime::spawn'),
    (r'\bregistry\s*\(\)', 'looks an actor up'),
]
EVERYWHERE_IN_HEADERS = {'<iostream>', '<regex>', '<caf/all.hpp>', '<boost/asio.hpp>'}
# Words and paths are put together here so that this file does not break its own rule.
WORDS = re.compile(r'\b(?:' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK')) + r')\b')
PATHS = re.compile(r'(?<![\w.:/-])/(?:' + '|'.join(('wo' + 'rk', 'ro' + 'ot', 'ho' + 'me', 'Us' + 'ers')) + r')/')


class Tree:
    """The files of a repository, read once."""

    def __init__(self, root, paths):
        self.root, self.paths, self._texts = root, sorted(paths), {}

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def code(self, path):
        return source.without_comments_and_literals(self.text(path))

    def cpp(self):
        return [path for path in self.paths if path.endswith(CODE) and path.startswith(tuple(f'{one}/' for one in LAYERS))]

    def sections(self, path):
        """{section: lines} of a text file in sections; empty when there is none."""
        found, current = {}, None
        for line in self.text(path).splitlines() if path in self.paths else []:
            line = line.strip()
            if line.startswith('['):
                current = found.setdefault(line.strip('[]'), [])
            elif line and not line.startswith('#'):
                current.append(line)
        return found


def line_of(text, at):
    return text.count('\n', 0, at) + 1


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


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


def calls(tree):
    """Nothing outside the seams is undeterministic."""
    for path in tree.cpp():
        if not path.startswith(DETERMINISTIC):
            continue
        for line, name in source.includes(tree.text(path)):
            if name in HEADERS or name.startswith(HEADER_FAMILIES):
                yield path, line, f'includes {name}, which only runtime/ may'
        code = tree.code(path)
        for pattern, why in CALLS + (CAF_CALLS if path.startswith('actors/') else []):
            for found in re.finditer(pattern, code):
                yield path, line_of(code, found.start()), f"'{found.group(0).strip()}' {why}"


def hashed(tree):
    """No container whose order is the library's choice."""
    for path in tree.cpp():
        if path.startswith(DETERMINISTIC):
            code = tree.code(path)
            for found in re.finditer(r'\bunordered_\w+|<unordered_\w+>', code):
                yield path, line_of(code, found.start()), f'{found.group(0)}: its order differs between libraries'


def length(tree):
    """Files and functions stay short."""
    for path in tree.paths:
        if path.endswith(CODE + ('.py',)):
            lines = tree.text(path).count('\n')
            if lines > FILE_LINES_MAX:
                yield path, 0, f'has {lines} lines, at most {FILE_LINES_MAX} are allowed'
    for path in tree.cpp():
        for first, last, name in source.functions(tree.text(path)):
            lines = last - first + 1
            if lines > FUNCTION_LINES_MAX:
                lines -= source.table_rows(tree.text(path), first, last)
            if lines > FUNCTION_LINES_MAX:
                yield path, first, f'{name} has {lines} lines, at most {FUNCTION_LINES_MAX} are allowed'


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


ALL = [layers, libraries, calls, hashed, length, headers, listed, readmes, top_level, words, format]
