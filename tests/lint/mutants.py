"""Planted bugs stay small and out of the way: each is off by default, is at most five lines of code, stands in the table
of mutants, and nothing but the simulator and tests turns one on."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SWITCHES = ['protocol/model/planted_bugs.hpp', 'protocol/model/planted_client_bugs.hpp']
TABLE = 'sim/mutants/mutants.cpp'
LINES_MAX = 5
# These try the simulator, not the broker.
NOT_IN_CODE = {'canary', 'deadly_canary', 'wait_by_address'}
good = True


def report(name, problems):
    global good
    good = good and not problems
    for problem in problems:
        print(f'FAIL lint.{name}: {problem}')
    if not problems:
        print(f'PASS lint.{name}')


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def switches(text):
    """{name: off by default}."""
    return {name: value in (' = false', '{false}')
            for name, value in re.findall(r'^    bool (\w+)([^;]*);', text, re.MULTILINE)}


def statement_end(lines, at):
    """Index of the last line of the statement that has line `at`: an `if` or `for` goes with what it governs."""
    depth = 0
    for index in range(at, len(lines)):
        code = lines[index].split('//')[0].rstrip()
        depth += sum(code.count(sign) for sign in '({[') - sum(code.count(sign) for sign in ')}]')
        if depth <= 0 and code.endswith((';', '}')):
            return index
    return len(lines) - 1


def statement_begin(lines, at):
    """Index of its first line."""
    while at > 0 and not lines[at - 1].split('//')[0].rstrip().endswith((';', '{', '}', ':')) and lines[at - 1].strip() \
            and not lines[at - 1].strip().startswith('//'):
        at -= 1
    return at


def lines_of(name, text):
    """How many lines belong to the switch: those from its mention to the end of its statement."""
    lines, counted = text.split('\n'), set()
    for at, line in enumerate(lines):
        if re.search(rf'\bplanted_?(\.|->){name}\b', line.split('//')[0]):
            counted.update(range(at, statement_end(lines, at) + 1))
    return len(counted)


def problems_of_size(names, sources):
    for name in sorted(names - NOT_IN_CODE):
        sizes = {path: lines_of(name, text) for path, text in sources.items()}
        total = sum(sizes.values())
        where = ', '.join(path for path, size in sizes.items() if size)
        if total == 0:
            yield f'{name} is read nowhere in actors/'
        elif total > LINES_MAX:
            yield f'{name} takes {total} lines ({where}), at most {LINES_MAX} are allowed'


def problems_of_table(names, table):
    named = set(re.findall(r'&bugs::(\w+)', table))
    for name in sorted(names ^ named):
        yield f'{name} stands in only one of {" or ".join(SWITCHES)} and {TABLE}'
    for title in re.findall(r'\{"(\w+)"', table):
        if title not in names:
            yield f'{TABLE} calls a mutant {title}, but no switch has this name'


def problems_of_use(files):
    """A switch is set only where a mutant is looked up, and in tests."""
    for path in files:
        if path.startswith(('actors/', 'cmd/', 'runtime/')) and path.endswith(('.cpp', '.hpp')):
            for number, line in enumerate(read(path).split('\n'), 1):
                if re.search(r'\bplanted_?(\.|->)\w+ = ', line):
                    yield f'{path}:{number} turns a planted bug on'


def self_test():
    """The counting, on made-up code."""
    code = ('if (planted.one)\n    go();\nif (planted.two) {\n    a();\n    b();\n}\n'
            'x = planted_.three ? 1\n        : 2;\ncall(\n    planted.four, 5);')
    wanted = {'one': 2, 'two': 4, 'three': 2, 'four': 1, 'five': 0}
    return [f'{name} counts {lines_of(name, code)} lines, not {count}' for name, count in wanted.items()
            if lines_of(name, code) != count]


def main():
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.split('\n')
    known = {name: off for path in SWITCHES for name, off in switches(read(path)).items()}
    sources = {path: read(path) for path in listed if path.startswith('actors/') and path.endswith(('.cpp', '.hpp'))
               and os.path.isfile(os.path.join(ROOT, path))}
    report('mutants_self_test', self_test())
    report('mutants_are_off', [f'{name} is not off by default' for name, off in known.items() if not off])
    report('mutants_are_small', list(problems_of_size(set(known), sources)))
    report('mutants_stand_in_the_table', list(problems_of_table(set(known), read(TABLE))))
    report('mutants_are_planted_by_tests_only', list(problems_of_use(
        [path for path in listed if os.path.isfile(os.path.join(ROOT, path))])))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
