"""Checks the documentation: links and named files exist, code fences close, pages have titles."""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
# `actors/connection/dispatch.cpp`, `docs/style.md`, `tests/run`: a path from the root in code marks.
NAMED = re.compile(r'`((?:actors|cmd|docs|protocol|runtime|sim|tests|fuzz|\.ci)/[A-Za-z0-9_./-]*)`')


def pages():
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '*.md'], cwd=ROOT, capture_output=True,
                            text=True, check=False)
    if listed.returncode == 0:
        return sorted(path for path in listed.stdout.splitlines() if os.path.exists(os.path.join(ROOT, path)))
    found = glob.glob(os.path.join(ROOT, '**', '*.md'), recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found if '/build' not in path and '/node_modules/' not in path)


def built(name):
    """Named by what the build makes from it: `build/...` is not looked at, generated headers are."""
    return os.path.basename(name) and glob.glob(os.path.join(ROOT, 'build', os.path.dirname(name), '**',
                                                             os.path.basename(name)), recursive=True)


def problems(page):
    with open(os.path.join(ROOT, page), encoding='utf-8') as file:
        text = file.read()
    if sum(line.lstrip().startswith('```') for line in text.splitlines()) % 2:
        yield 'a code fence is not closed'
    if not text.lstrip().startswith('# '):
        yield 'does not begin with a title'
    for target in LINK.findall(text):
        if re.match(r'[a-z]+:', target) or target.startswith('#'):
            continue
        if not os.path.exists(os.path.join(ROOT, os.path.dirname(page), target.split('#')[0])):
            yield f'links to {target}, which does not exist'
    for name in NAMED.findall(text):
        if not os.path.exists(os.path.join(ROOT, name)) and not built(name):
            yield f'names {name}, which does not exist'


def main():
    good = True
    for page in pages():
        found = list(problems(page))
        good = good and not found
        print(f'FAIL docs.{page}: {"; ".join(found)}' if found else f'PASS docs.{page}', flush=True)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
