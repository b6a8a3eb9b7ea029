"""Bugs planted on purpose: the simulator's checkers find each of them, and a seed that is kept for each shows it."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))

# Random seeds must find each bug within so many.
SEEDS_MAX = 200

# For each mutant a seed that fails with it and passes without. A change of the workload draws other runs; then
# `barnabas sim sweep --mutant NAME` names seeds to put here.
KEPT = {
    'ack_before_sync': 25,
    'skip_torn_tail_check': 34,
    'reuse_offset_after_restart': 1,
}
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.{name}' if why is None else f'FAIL sim.{name}: {" ".join(why.split())[-600:]}', flush=True)


FAILURES = ('--failures', 'none')


def run(*arguments):
    done = subprocess.run([PROGRAM, 'sim', *arguments, *FAILURES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


def kept_seed_fails_only_with_the_mutant(mutant, seed):
    code, output = run('run', '--seed', str(seed), '--mutant', mutant)
    if code != 1 or re.search(rf'^FAILED \w+, seed {seed}: ', output, re.MULTILINE) is None:
        return f'with the mutant seed {seed} ended with status {code}: {output}'
    code, output = run('run', '--seed', str(seed))
    return None if code == 0 else f'without the mutant seed {seed} ended with status {code}: {output}'


def random_seeds_find_the_mutant(mutant):
    code, output = run('sweep', '--seeds', f'1..{SEEDS_MAX}', '--jobs', str(os.cpu_count() or 1), '--mutant', mutant,
                       '--until-failure')
    found = re.search(r'^FAILED seed \d+ \w+: ', output, re.MULTILINE)
    return None if code == 1 and found else f'{SEEDS_MAX} seeds did not find it (status {code}): {output}'


def unknown_mutant_is_refused():
    code, output = run('run', '--seed', '1', '--mutant', 'no_such_bug')
    return None if code == 2 and 'ack_before_sync' in output else f'status {code}: {output}'


def main():
    for mutant, seed in KEPT.items():
        report(f'{mutant}.kept_seed', kept_seed_fails_only_with_the_mutant(mutant, seed))
        report(f'{mutant}.random_seeds', random_seeds_find_the_mutant(mutant))
    report('unknown_mutant_is_refused', unknown_mutant_is_refused())
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
