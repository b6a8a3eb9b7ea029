"""Hunts every planted bug by random seeds: five ranges of seeds each, and each ends at its first find.

Writes a table to build/mutants/table.txt, with --update also into docs/simulation.md. What was measured is kept in
build/mutants by the last commit of the program's own folders (and by what is changed there since), so a hunt that was
stopped goes on where it was, and an unchanged program is not hunted again.

    mutants_hunt.py [--seeds N] [--jobs N] [--only NAME... | --planted-in FOLDER...] [--until-found] [--update]

--planted-in group hunts exactly the bugs in actors/group, and says which share of them is found; with --until-found a range is
searched only if those before it found nothing, which is enough for that.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mutants_table import PROGRAM, ROOT, all_mutants, mutants, planted_in, run, run_seed, scenario_of  # noqa: E402

RANGES = 5
# Ranges begin so far apart that they never meet, whatever --seeds says.
RANGE_APART = 1_000_000
SEEDS = 800
PROGRAM_FOLDERS = ['actors', 'cmd', 'protocol', 'runtime', 'sim', 'meson.build']
FOLDER = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), 'mutants')
DOCUMENT = os.path.join(ROOT, 'docs', 'simulation.md')
BEGIN, END = '<!-- mutants: begin -->', '<!-- mutants: end -->'


def git(*arguments):
    return subprocess.run(['git', *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def version():
    """Names what the program was built from."""
    commit = git('log', '-1', '--format=%h', '--', *PROGRAM_FOLDERS).strip()
    changed = git('diff', 'HEAD', '--', *PROGRAM_FOLDERS) + git('status', '--short', '--', *PROGRAM_FOLDERS)
    return commit if not changed else f'{commit}-changed-{hashlib.sha256(changed.encode()).hexdigest()[:10]}'


class Memory:
    """What was measured: {'mutant range': {'first', 'seeds', 'seed', 'checkers'}}; on disk after each find."""

    def __init__(self, name):
        self.path = os.path.join(FOLDER, f'{name}.json')
        self.lock = threading.Lock()
        self.known = {}
        if os.path.exists(self.path):
            with open(self.path, encoding='utf-8') as file:
                self.known = json.load(file)

    def get(self, mutant, number, seeds):
        found = self.known.get(f'{mutant} {number}')
        # A search that found nothing says nothing about more seeds.
        return found if found and (found['seed'] is not None or found['seeds'] >= seeds) else None

    def put(self, mutant, number, found):
        with self.lock:
            self.known[f'{mutant} {number}'] = found
            os.makedirs(FOLDER, exist_ok=True)
            with open(self.path + '.new', 'w', encoding='utf-8') as file:
                json.dump(self.known, file, indent=1, sort_keys=True)
            os.replace(self.path + '.new', self.path)


def hunt(mutant, number, seeds):
    """The first seed of the range that fails, and by which checkers when it is run to its end."""
    first = number * RANGE_APART + 1
    found = {'first': first, 'seeds': seeds, 'seed': None, 'checkers': []}
    code, output = run('sweep', *scenario_of(mutant.name), '--failures', 'none', '--seeds', f'{first}..{first + seeds - 1}', '--jobs', '1', '--twice', '0',
                       '--mutant', mutant.name, '--until-failure')
    if code == 0:
        return found
    failed = re.search(r'^FAILED seed (\d+) ', output, re.MULTILINE)
    if failed is None:
        raise RuntimeError(f'{mutant.name}, seeds from {first}: status {code}: {output[-300:]}')
    found['seed'] = int(failed.group(1))
    found['checkers'] = run_seed(found['seed'], mutant.name).checkers
    if run_seed(found['seed'], mutant.name, without_mutant=True).checkers:
        raise RuntimeError(f'seed {found["seed"]} fails without any mutant')
    return found


def caught_by_named(mutant, finds):
    """In how many ranges a checker that was named for the mutant is among those that the found seed violates."""
    return sum(bool(set(one['checkers']) & set(mutant.checkers)) for one in finds)


def row(mutant, finds, seeds):
    caught = [one for one in finds if one['seed'] is not None]
    counts = sorted(one['seed'] - one['first'] + 1 for one in caught)
    by = {}
    for one in caught:
        by[one['checkers'][0]] = by.get(one['checkers'][0], 0) + 1
    text = ', '.join(f'{name} {count}' for name, count in sorted(by.items(), key=lambda each: (-each[1], each[0])))
    # A range without a find counts as more than all others.
    all_counts = counts + [float('inf')] * (len(finds) - len(counts))
    median = statistics.median_low(all_counts)
    return [f'`{mutant.name}`', ', '.join(mutant.checkers), f'{len(caught)} of {len(finds)}',
            str(caught_by_named(mutant, finds)), text or 'nobody',
            str(median) if median != float('inf') else f'over {seeds}', str(counts[0]) if counts else '-',
            str(counts[-1]) if counts else '-']


def table_text(rows, name, seeds, finds_of):
    head = ['mutant', 'named beforehand', 'found in', 'by a named one', 'first to speak', 'median seeds', 'min', 'max']
    found = sum(any(one['seed'] is not None for one in finds) for finds in finds_of.values())
    lines = ['| ' + ' | '.join(cells) + ' |' for cells in [head, ['---'] * len(head), *rows]]
    first = [number * RANGE_APART + 1 for number in range(RANGES)]
    lines += ['', f'Measured at commit {name}: {RANGES} ranges of {seeds} seeds, from {", ".join(map(str, first))}; each '
                  'range ends', f'at its first find. {found} of {len(finds_of)} mutants were found.']
    return '\n'.join(lines) + '\n'


def update_document(text):
    with open(DOCUMENT, encoding='utf-8') as file:
        before, rest = file.read().split(BEGIN)
    with open(DOCUMENT, 'w', encoding='utf-8') as file:
        file.write(before + BEGIN + '\n' + text + END + rest.split(END)[1])


def verdict(mutant, finds):
    """One line of the stage for one mutant."""
    named = caught_by_named(mutant, finds)
    caught = sum(one['seed'] is not None for one in finds)
    name = f'mutants.{mutant.name}'
    if named:
        return f'PASS {name}'
    if caught:
        return f'FAIL {name}: found, but not by {" or ".join(mutant.checkers)}: {finds}'
    return f'FAIL {name}: no seed finds it'


def hunt_ranges(chosen, numbers, memory, given, finds_of):
    """Adds what these ranges of seeds find. Range by range, so that a hunt that is stopped has seen every mutant."""
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        waiting = {}
        for number in numbers:
            for mutant in chosen:
                known = memory.get(mutant.name, number, given.seeds)
                if known is not None:
                    finds_of[mutant.name].append(known)
                else:
                    waiting[pool.submit(hunt, mutant, number, given.seeds)] = mutant, number
        for done in concurrent.futures.as_completed(waiting):
            mutant, number = waiting[done]
            found = done.result()
            finds_of[mutant.name].append(found)
            memory.put(mutant.name, number, found)
            print(f'{mutant.name}, seeds from {found["first"]}: ' +
                  (f'seed {found["seed"]}, {"+".join(found["checkers"])}' if found['seed'] is not None else 'nothing'), flush=True)


def is_found(finds):
    return any(one['seed'] is not None for one in finds)


def hunt_all(chosen, memory, given):
    finds_of = {mutant.name: [] for mutant in chosen}
    if not given.until_found:
        hunt_ranges(chosen, range(RANGES), memory, given, finds_of)
    else:
        for number in range(RANGES):
            hunt_ranges([one for one in chosen if not is_found(finds_of[one.name])], [number], memory, given, finds_of)
    for mutant in chosen:
        print(verdict(mutant, finds_of[mutant.name]), flush=True)
    return finds_of


def share_text(folders, finds_of, seeds):
    """Of all that are planted there: those that are named for unit tests no seed can find."""
    planted = {mutant.name for mutant in all_mutants()} & set().union(*(planted_in(folder) for folder in folders))
    found = sum(is_found(finds) for finds in finds_of.values())
    tested = sorted(planted - set(finds_of))
    return (f'{" and ".join(folders)}: {found} of {len(planted)} planted bugs ({100 * found // max(len(planted), 1)} %) were found within '
            f'{RANGES * seeds} seeds; unit tests find {len(tested)}: {", ".join(tested)}')


def chosen_by(given):
    table = mutants()
    unknown = set(given.only) - {mutant.name for mutant in table}
    if unknown:
        raise SystemExit(f'not hunted by seeds, or no mutants: {", ".join(sorted(unknown))}')
    wanted = set(given.only).union(*(planted_in(folder) for folder in given.planted_in))
    chosen = [mutant for mutant in table if mutant.name in wanted or not (given.only or given.planted_in)]
    if not chosen:
        raise SystemExit(f'nothing is planted in {", ".join(given.planted_in)}')
    return chosen


def main():
    parser = argparse.ArgumentParser(description='Hunts planted bugs by random seeds.')
    parser.add_argument('--seeds', type=int, default=SEEDS, help='of each range (default %(default)s)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1, help='searches at a time (default %(default)s)')
    parser.add_argument('--only', nargs='+', default=[], metavar='NAME', help='these mutants')
    parser.add_argument('--planted-in', nargs='+', default=[], metavar='FOLDER', help='those in these folders of actors/')
    parser.add_argument('--until-found', action='store_true', help='no further range when one has found the bug')
    parser.add_argument('--update', action='store_true', help='write the table into docs/simulation.md')
    given = parser.parse_args()
    chosen = chosen_by(given)
    name = version()
    finds_of = hunt_all(chosen, Memory(name), given)
    text = table_text([row(mutant, finds_of[mutant.name], given.seeds) for mutant in chosen], name, given.seeds, finds_of)
    print(text)
    if given.planted_in:
        print(share_text(given.planted_in, finds_of, given.seeds))
    if len(chosen) == len(mutants()) and not given.until_found:
        with open(os.path.join(FOLDER, 'table.txt'), 'w', encoding='utf-8') as file:
            file.write(text)
        if given.update:
            update_document(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
