"""Each header compiles alone. A header that its own source includes first is proven by the build; the others are
compiled here with the build's flags, as many at a time as there are processors. What compiled once is remembered in
the build folder by the contents of all that it includes from this repository, so a second run takes a second.

  headers_alone.py [--budget SECONDS]      stops in time and says how many are left; the next run goes on
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lint  # noqa: E402
import source  # noqa: E402
import tree  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(lint.ROOT, 'build'))
REMEMBERED = 'headers_alone.json'
DROPPED_WITH_VALUE = {'-o', '-MF', '-MQ', '-MT', '-include'}
DROPPED = {'-c', '-MD', '-MMD', '-Winvalid-pch', '-fpch-preprocess'}


def flags_of(command):
    """(compiler and flags, precompiled header or None) of a compile command without its files."""
    words, kept, precompiled, at = shlex.split(command), [], None, 0
    while at < len(words):
        word = words[at]
        if word in DROPPED_WITH_VALUE:
            precompiled = words[at + 1] if word == '-include' else precompiled
            at += 1
        elif word not in DROPPED and not word.endswith(('.cpp', '.c++')) and os.path.basename(word) != 'ccache':
            kept.append(word)
        at += 1
    return kept, precompiled


def commands(build):
    """{source path in the repository: (flags, precompiled header)}."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        path = os.path.relpath(os.path.join(entry['directory'], entry['file']), lint.ROOT)
        found[path] = flags_of(entry['command'])
    return found


def proven(header, known):
    """Whether the build compiles a source that begins with that header, with nothing before it."""
    own = header[:-4] + '.cpp'
    return own in known and known[own][1] is None


def flags_for(header, known):
    """The flags of the source that lies nearest to the header."""
    parts = header.split('/')[:-1]
    while parts:
        for path, (flags, _) in known.items():
            if path.startswith('/'.join(parts) + '/'):
                return flags
        parts.pop()
    return next(iter(known.values()))[0]


class Fingerprints:
    """The hash of a header: of its text and of all that it includes from the repository and the build folder."""

    def __init__(self, build):
        self.places, self.includes = (lint.ROOT, build), {}

    def read(self, path):
        for place in self.places:
            full = os.path.join(place, path)
            if os.path.isfile(full):
                with open(full, encoding='utf-8', errors='replace') as file:
                    text = file.read()
                return text, [name.strip('"') for _, name in source.includes(text) if name[0] == '"']
        return '', []

    def of(self, header, flags):
        seen, waiting, total = set(), [header], hashlib.sha256(' '.join(flags).encode())
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            if path not in self.includes:
                self.includes[path] = self.read(path)
            text, below = self.includes[path]
            total.update(path.encode() + b'\0' + text.encode())
            waiting += sorted(below)
        return total.hexdigest()


def remembered(build):
    try:
        with open(os.path.join(build, REMEMBERED), encoding='utf-8') as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def remember(build, good):
    partial = os.path.join(build, REMEMBERED + f'.{os.getpid()}')
    with open(partial, 'w', encoding='utf-8') as file:
        json.dump(good, file, indent=0, sort_keys=True)
    os.replace(partial, os.path.join(build, REMEMBERED))


def compile_alone(build, header, flags, deadline):
    """None when it compiles, an empty text when there was no time, else the first error."""
    if time.monotonic() > deadline:
        return ''
    done = subprocess.run([*flags, '-x', 'c++', '-fsyntax-only', '-fno-diagnostics-color', '-'], cwd=build, input=f'#include "{header}"\n',
                          capture_output=True, text=True, errors='replace', check=False)
    if done.returncode == 0:
        return None
    errors = re.findall(r'^.*\berror:.*$', done.stderr, re.MULTILINE)
    return (errors or [f'the compiler ended with status {done.returncode}'])[0]


def check(build, headers, known, deadline):
    """Compiles what is neither proven nor remembered; yields (header, error), and at last counts."""
    prints, old, good, work = Fingerprints(build), remembered(build), {}, []
    for header in headers:
        if not proven(header, known):
            flags = flags_for(header, known)
            mark = prints.of(header, flags)
            if old.get(header) == mark:
                good[header] = mark
            else:
                work.append((header, flags, mark))
    late = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = pool.map(lambda one: compile_alone(build, one[0], one[1], deadline), work)
        for (header, _, mark), answer in zip(work, answers):
            if answer is None:
                good[header] = mark
            elif answer:
                yield header, answer
            late += answer == ''
    remember(build, good)
    yield None, (len(headers), len(work) - late, late)


def main():
    parser = argparse.ArgumentParser(description='Compiles each header alone.')
    parser.add_argument('--budget', type=float, default=280, help='seconds')
    given = parser.parse_args()
    if not os.path.exists(os.path.join(BUILD, 'compile_commands.json')):
        print('SKIP headers.alone: there is no build folder')
        return 0
    headers = [path for path in tree.Tree(lint.ROOT, lint.files_of(lint.ROOT)).cpp() if path.endswith('.hpp')]
    failed = 0
    for header, answer in check(BUILD, headers, commands(BUILD), time.monotonic() + given.budget):
        if header is not None:
            failed += 1
            print(f'FAIL headers.alone: {header}: {answer}', flush=True)
        elif answer[2]:
            print(f'SKIP headers.alone: {answer[2]} of {answer[0]} headers wait for the next run; the time is over')
        elif not failed:
            print(f'PASS headers.alone: {answer[0]} headers, {answer[1]} compiled now')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
