"""What the simulator reaches: a sweep of seeds, and what it did not come to. Nothing here fails because a seed was
unlucky; empty places are work for whoever writes workloads and faults.

  marks      marks on rare branches (protocol/model/mark.hpp) that no run hit
  faults     kind of fault times what the broker was doing when it was carried out
  options    a histogram of every generated option
  lines      lines of actors/ that runs alone execute, by folder, and unexecuted lines that handle errors by file
             (a build of its own in build-coverage/, read with gcov)

  coverage.py [--minutes M] [--line-seeds N] [--only PART...]
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
LINE_BUILD = os.environ.get('BARNABAS_COVERAGE_BUILD', os.path.join(ROOT, 'build-coverage'))
JOBS = os.cpu_count() or 1
MOMENTS = ('loading', 'recovering', 'serving', 'idle', 'stopping', 'down')
ERROR_LINE = re.compile(r'\berror\{|\.failure\(\)|\bfail\w*\(|\brefuse\w*\(|\bcontradiction\(|\.code\(\)|\bbad\w*\(')
PARTS = ('marks', 'faults', 'options', 'lines')
good = True


def report(name, why=None, about=''):
    global good
    good = good and why is None
    text = f'PASS coverage.{name}{": " + about if about else ""}' if why is None else f'FAIL coverage.{name}: {" ".join(why.split())[-600:]}'
    print(text, flush=True)


def sweep_into(sums, name, scenarios, minutes, path):
    """Runs seeds and adds the coverage file's counts."""
    program = os.path.join(BUILD, 'cmd', 'barnabas')
    done = subprocess.run([program, 'sim', 'sweep', *scenarios, '--seeds', '1..1000000', '--jobs', str(JOBS), '--minutes', str(minutes),
                           '--twice', '0', '--failures', 'none', '--coverage', path], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    last = [line for line in done.stdout.splitlines() if line.startswith('done: ')]
    report(name, None if done.returncode == 0 and last else f'status {done.returncode}: {done.stdout}', last[0] if last else '')
    with open(path, encoding='utf-8') as file:
        for line in file:
            words = line.split()
            sums[tuple(words[:-1])] += int(words[-1])


def sweep(minutes, path):
    """Runs seeds of the free draw and, a fifth of the time, of all scenarios: {first word: [(words, count)]}."""
    sums = collections.Counter()
    for_scenarios = max(1, minutes // 5)
    sweep_into(sums, 'sweep', [], max(1, minutes - for_scenarios), path)
    sweep_into(sums, 'sweep_of_scenarios', sorted(glob.glob(os.path.join(ROOT, 'sim', 'scenarios', '*.scenario'))), for_scenarios, path)
    found = collections.defaultdict(list)
    for words, count in sums.items():
        found[words[0]].append((list(words[1:]), count))
    return found


def show_marks(rows):
    missed = [words for words, count in rows if count == 0]
    for name, place in sorted(missed):
        print(f'never reached: {name} ({place})')
    rare = sorted((count, words[0]) for words, count in rows if 0 < count < 10)
    print('reached fewer than ten times: ' + (', '.join(f'{name} {count}' for count, name in rare) or 'none'))
    report('marks', None if rows else 'the program has no marks', f'{len(rows) - len(missed)} of {len(rows)} reached')


def show_faults(rows):
    table = collections.defaultdict(dict)
    for (kind, moment), count in rows:
        table[kind][moment] = count
    width = max([len(kind) for kind in table] + [5])
    print('fault'.ljust(width) + ''.join(moment.rjust(12) for moment in MOMENTS))
    for kind in sorted(table):
        print(kind.ljust(width) + ''.join(str(table[kind].get(moment, 0)).rjust(12) for moment in MOMENTS))
    empty = sum(table[kind].get(moment, 0) == 0 for kind in table for moment in MOMENTS[:-1])
    report('faults', None if table else 'no fault was carried out', f'{len(table)} kinds, {empty} empty cells')


def order(value):
    """Numbers and durations by size, words by letter."""
    units = {'ns': 1, 'us': 1e3, 'ms': 1e6, 's': 1e9}
    found = re.match(r'(-?\d+)(ns|us|ms|s)?(?:\.\.|$)', value)
    return (0, int(found.group(1)) * units.get(found.group(2), 1), value) if found else (1, 0, value)


def show_options(rows):
    table = collections.defaultdict(dict)
    for (key, value), count in rows:
        table[key][value] = count
    for key in sorted(table):
        values = sorted(table[key], key=order)
        shown = ', '.join(f'{value}: {table[key][value]}' for value in values[:24])
        print(f'{key}  {shown}{" ..." if len(values) > 24 else ""}')
    constant = sorted(key for key in table if len(table[key]) == 1)
    print('always the same: ' + (', '.join(constant) or 'none'))
    report('options', None if table else 'nothing was drawn', f'{len(table)} options, {len(constant)} always the same')


def run_checked(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                          check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command[:4])} ended with status {done.returncode}: {done.stdout[-500:]}')
    return done.stdout


def build_for_lines():
    if not os.path.exists(os.path.join(LINE_BUILD, 'build.ninja')):
        run_checked(['meson', 'setup', LINE_BUILD, '-Db_coverage=true', '-Doptimization=1', '-Dwerror=false'], cwd=ROOT)
    run_checked(['ninja', '-C', LINE_BUILD, 'cmd/barnabas'])
    for path in glob.glob(os.path.join(LINE_BUILD, '**', '*.gcda'), recursive=True):
        os.remove(path)


def run_for_lines(seeds):
    """A process per seed: only a process that ends by itself leaves its counts behind. A seed that fails counts all the same."""
    program = os.path.join(LINE_BUILD, 'cmd', 'barnabas')

    def run(seed):
        subprocess.run([program, 'sim', 'run', '--failures', 'none', '--seed', str(seed)], cwd=ROOT, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(run, range(1, seeds + 1)))


def lines_of_actors():
    """{path: {line: executed}} of actors/."""
    notes = sorted(glob.glob(os.path.join(LINE_BUILD, 'actors', '**', '*.gcda'), recursive=True))
    found = collections.defaultdict(dict)
    for note in notes:
        output = run_checked(['gcov', '--json-format', '--stdout', note], cwd=LINE_BUILD)
        for text in output.splitlines():
            for file in json.loads(text)['files'] if text.startswith('{') else []:
                path = os.path.relpath(os.path.join(LINE_BUILD, file['file']), ROOT)
                if path.startswith('actors/'):
                    for line in file['lines']:
                        number = line['line_number']
                        found[path][number] = found[path].get(number, False) or line['count'] > 0
    return found


def show_lines(seeds):
    build_for_lines()
    run_for_lines(seeds)
    found = lines_of_actors()
    folders, errors = collections.defaultdict(lambda: [0, 0]), []
    for path, lines in found.items():
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            text = file.read().splitlines()
        missed = [number for number, executed in lines.items() if not executed]
        for folder in ('actors', '/'.join(path.split('/')[:2])):
            folders[folder][0] += len(lines) - len(missed)
            folders[folder][1] += len(lines)
        bad = sum(bool(ERROR_LINE.search(text[number - 1])) for number in missed if number <= len(text))
        errors.append((bad, path, len(missed), len(lines)))
    for folder in sorted(folders):
        executed, all_lines = folders[folder]
        print(f'{folder}: {executed} of {all_lines} lines, {100 * executed / all_lines:.1f} %')
    for bad, path, missed, all_lines in sorted(errors, key=lambda row: (-row[0], row[1])):
        if missed:
            print(f'{path}: {bad} error lines not executed, {missed} of {all_lines} lines not executed')
    executed, all_lines = folders['actors']
    report('lines', None if all_lines else 'gcov says nothing of actors/',
           f'{100 * executed / max(all_lines, 1):.1f} % of actors/ in {seeds} seeds')


def main():
    parser = argparse.ArgumentParser(description='What the simulator reaches.')
    parser.add_argument('--minutes', type=int, default=10, help='of the sweep')
    parser.add_argument('--line-seeds', type=int, default=300, help='runs for the coverage of lines')
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS)
    parser.add_argument('--deep', action='store_true', help='what the stage gives to its programs; changes nothing')
    given = parser.parse_args()
    path = os.path.join(BUILD, 'sim_coverage.txt')
    try:
        if set(given.only) - {'lines'}:
            rows = sweep(given.minutes, path)
            for part, show, kind in (('marks', show_marks, 'mark'), ('faults', show_faults, 'fault'), ('options', show_options, 'drawn')):
                if part in given.only:
                    show(rows[kind])
        if 'lines' in given.only:
            show_lines(given.line_seeds)
    except (OSError, RuntimeError, ValueError) as why:
        report('run', str(why))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
