"""Checks the repository against the rules of rules.py: one line per problem, one per rule that holds.

Exceptions stand in exceptions.txt; one that is not needed any more, or allows too much, is a problem itself.
"""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import rules  # noqa: E402
import tree  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
SKIPPED_FOLDERS = {'.git', 'build', 'node_modules', '__pycache__', 'barnabas-data'}


def files_of(root):
    """What git knows or would add; without git, everything that is not built or installed."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=root, capture_output=True, text=True,
                            check=False)
    if listed.returncode == 0:
        return [path for path in listed.stdout.splitlines() if os.path.isfile(os.path.join(root, path))]
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in SKIPPED_FOLDERS and not name.startswith('build-')]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found


def read_exceptions(text):
    """{(rule, path): number or None}."""
    found = {}
    for line in text.splitlines():
        words = line.split('#')[0].split()
        if words:
            found[words[0], words[1]] = int(words[2]) if len(words) > 2 else None
    return found


def number_in(problem):
    found = re.search(r' has (\d+) (?:lines|parameters|levels)', ' ' + problem)
    return int(found.group(1)) if found else None


def after_exceptions(name, problems, exceptions):
    """The problems that no exception covers, and the exceptions that cover too much."""
    needed = {}
    for path, line, why in problems:
        if (name, path) not in exceptions:
            yield path, line, why
            continue
        allowed, size = exceptions[name, path], number_in(why)
        needed[path] = max(needed.get(path, 0), size or 0)
        if allowed is not None and size is not None and size > allowed:
            yield path, line, f'{why}; its exception allows {allowed}'
    for (rule, path), allowed in exceptions.items():
        if rule == name and path not in needed:
            yield path, 0, 'needs no exception any more; remove it from tests/lint/exceptions.txt'
        elif rule == name and allowed is not None and needed[path] < allowed:
            yield path, 0, f'needs an exception for {needed[path]} only; shrink it in tests/lint/exceptions.txt'


def check(tree, exceptions, chosen):
    good = True
    for rule in chosen:
        if rule is rules.format and shutil.which('clang-format') is None:
            print('SKIP lint.format: clang-format is not installed')
            continue
        problems = list(after_exceptions(rule.__name__, rule(tree), exceptions))
        for path, line, why in problems:
            print(f'FAIL lint.{rule.__name__}: {path}{":" + str(line) if line else ""}: {why}')
        if not problems:
            print(f'PASS lint.{rule.__name__}')
        good = good and not problems
    known = {rule.__name__ for rule in rules.ALL}
    for name, path in exceptions:
        if name not in known:
            print(f'FAIL lint.exceptions: {path}: no rule is named {name}')
            good = False
    return good


def main():
    wanted = sys.argv[1:]
    with open(os.path.join(HERE, 'exceptions.txt'), encoding='utf-8') as file:
        exceptions = read_exceptions(file.read())
    chosen = [rule for rule in rules.ALL if not wanted or rule.__name__ in wanted]
    return 0 if check(tree.Tree(ROOT, files_of(ROOT)), exceptions, chosen) else 1


if __name__ == '__main__':
    sys.exit(main())
