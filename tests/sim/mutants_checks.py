"""Planted bugs: the schedule kept of each fails by a checker that was named for it, and passes without the bug."""

import concurrent.futures
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mutants_table import KEPT, TESTS, kept_schedule, mutants, mutants_of_tests, replay, run  # noqa: E402

MUTANTS_MIN = 15
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.{name}' if why is None else f'FAIL sim.{name}: {" ".join(why.split())[-600:]}', flush=True)


def kept_schedule_shows_the_bug(mutant):
    path = kept_schedule(mutant.name)
    if not os.path.exists(path):
        return f'{path} is not there; tests/sim/mutants_keep.py writes it'
    outcome = replay(path)
    if not outcome.checkers:
        return f'{path} passes with the bug; tests/sim/mutants_keep.py finds another'
    if not set(outcome.checkers) & set(mutant.checkers):
        return f'{path} fails by {outcome.checkers}, not by {" or ".join(mutant.checkers)}: {outcome.text}'
    outcome = replay(path, without_mutant=True)
    return f'without the bug: {outcome.checkers}: {outcome.text}' if outcome.checkers else None


def test_finds(mutant, name):
    program, test = TESTS[name]
    done = subprocess.run([program, f'--gtest_filter={test.format(mutant.name)}'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    if done.returncode == 0 and '[  PASSED  ] 1 test.' in done.stdout:
        return None
    return f'status {done.returncode}: {done.stdout}'


def there_are_mutants(table):
    return None if len(table) >= MUTANTS_MIN else f'{len(table)} mutants, at least {MUTANTS_MIN} are wanted'


def only_mutants_have_schedules(table):
    strange = {name.removesuffix('.schedule') for name in os.listdir(KEPT) if name.endswith('.schedule')} - {
        mutant.name for mutant in table}
    return f'no mutants: {sorted(strange)}' if strange else None


def canary_is_reported():
    code, output = run('sweep', '--failures', 'none', '--seeds', '8..12', '--twice', '0', '--jobs', '2', '--mutant', 'canary')
    failed = re.findall(r'^FAILED seed (\d+) (\w+): ', output, re.MULTILINE)
    return None if code == 1 and failed == [('10', 'canary')] else f'status {code}: {output}'


def unknown_mutant_is_refused():
    code, output = run('run', '--seed', '1', '--mutant', 'no_such_bug')
    return None if code == 2 and 'no_such_bug' in output else f'status {code}: {output}'


def main():
    table = mutants()
    report('there_are_mutants', there_are_mutants(table))
    report('only_mutants_have_schedules', only_mutants_have_schedules(table))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting = [('canary_is_reported', pool.submit(canary_is_reported)),
                   ('unknown_mutant_is_refused', pool.submit(unknown_mutant_is_refused))]
        for mutant in table:
            waiting.append((f'{mutant.name}.kept_schedule', pool.submit(kept_schedule_shows_the_bug, mutant)))
        for mutant, test in mutants_of_tests():
            waiting.append((f'{mutant.name}.found_by_{test}', pool.submit(test_finds, mutant, test)))
        for name, outcome in waiting:
            report(name, outcome.result())
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
