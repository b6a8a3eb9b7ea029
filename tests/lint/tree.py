"""The files of a repository as rules see them."""

import fnmatch
import os

import source

CODE = ('.cpp', '.hpp')
TEXT = CODE + ('.py', '.md', '.txt', '.build', '.capnp', '.js', '.json', '.sh', '')
LAYERS = ('protocol', 'runtime', 'actors', 'sim', 'cmd', 'tests', 'fuzz')


class Tree:
    """The files of a repository, read once."""

    def __init__(self, root, paths):
        self.root, self.paths, self._texts, self._codes, self._cuts = root, sorted(paths), {}, {}, {}

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def code(self, path):
        """The text without comments and literals."""
        if path not in self._codes:
            self._codes[path] = source.without_comments_and_literals(self.text(path))
        return self._codes[path]

    def cut(self, path):
        """The text cut into functions and statements."""
        if path not in self._cuts:
            self._cuts[path] = source.cut(self.text(path))
        return self._cuts[path]

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
