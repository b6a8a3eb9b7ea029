"""Writes the schedules that are kept of planted bugs: sim/scenarios/mutants/NAME.schedule.

For each it sweeps seeds until a checker that was named for the bug refuses a run, and makes that run's schedule
small, so that it fails with the bug by that checker and passes without.

  mutants_keep.py [--seeds N] [NAME...]      default: those that have none, or whose schedule shows the bug no more
"""

import argparse
import concurrent.futures
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mutants_table import kept_schedule, mutants, replay, run, scenario_of  # noqa: E402

RUNS = 400


def shows(mutant, path):
    """Whether a schedule fails by a named checker with the bug and passes without."""
    with_bug, without = replay(path), replay(path, without_mutant=True)
    return bool(set(with_bug.checkers) & set(mutant.checkers)) and not without.checkers


def candidates(mutant, seeds, folder):
    """Schedules of failing seeds."""
    first = 1
    while first <= seeds:
        code, output = run('sweep', *scenario_of(mutant.name), '--seeds', f'{first}..{seeds}', '--jobs', '1', '--twice', '0', '--until-failure', '--mutant',
                           mutant.name, '--failures', folder)
        found = re.search(r'^FAILED seed (\d+) (\w+): .*\((\S+)\)$', output, re.MULTILINE)
        if code != 1 or found is None:
            return
        first = int(found.group(1)) + 1
        yield found.group(3)


def keep(mutant, seeds):
    target = kept_schedule(mutant.name)
    with tempfile.TemporaryDirectory() as folder:
        for schedule in candidates(mutant, seeds, folder):
            if not shows(mutant, schedule):
                continue
            broken = replay(schedule).checkers
            checker = next(name for name in mutant.checkers if name in broken)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            code, output = run('minimize', schedule, '--out', target, '--runs', str(RUNS), '--checker', checker)
            if code == 0 and shows(mutant, target):
                return output.splitlines()[-1]
            return f'cannot be made smaller (status {code}): {output[-200:]}'
    return f'{mutant.name}: no seed of 1..{seeds}'


def main():
    parser = argparse.ArgumentParser(description='Writes the schedules that are kept of planted bugs.')
    parser.add_argument('--seeds', type=int, default=1000)
    parser.add_argument('names', nargs='*', metavar='NAME')
    given = parser.parse_args()
    wanted = [mutant for mutant in mutants() if mutant.name in given.names or not given.names and not (
        os.path.exists(kept_schedule(mutant.name)) and shows(mutant, kept_schedule(mutant.name)))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for line in pool.map(lambda mutant: keep(mutant, given.seeds), wanted):
            print(line, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
