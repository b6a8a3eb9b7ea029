"""What the checks of planted bugs share: the program, its table of mutants, and the schedules that are kept."""

import collections
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
KEPT = os.path.join(ROOT, 'sim', 'scenarios', 'mutants')

Mutant = collections.namedtuple('Mutant', 'name checkers what')
# `checkers` that were violated, the first one first; ['crash'] when the process died (a broken assertion), [] when the run
# passed.
Outcome = collections.namedtuple('Outcome', 'checkers text')


def run(*arguments):
    done = subprocess.run([PROGRAM, 'sim', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


def mutants():
    code, output = run('mutants')
    if code != 0:
        raise RuntimeError(f'sim mutants ended with status {code}: {output[-300:]}')
    rows = [line.split('\t') for line in output.splitlines()]
    return [Mutant(name, checkers.split(','), what) for name, checkers, what in rows]


def kept_schedule(mutant):
    """Where the schedule lies that shows this bug."""
    return os.path.join(KEPT, mutant + '.schedule')


def replay(path, without_mutant=False):
    code, output = run('replay', path, '--all-checkers', *(['--without-mutant'] if without_mutant else []))
    return outcome_of(code, output)


def run_seed(seed, mutant=None):
    code, output = run('run', '--seed', str(seed), '--failures', 'none', '--all-checkers', *(['--mutant', mutant] if mutant else []))
    return outcome_of(code, output)


def outcome_of(code, output):
    if code == 0:
        return Outcome([], '')
    found = re.search(r'^FAILED ([\w+]+), seed \d+: (.*)$', output, re.MULTILINE)
    if found:
        return Outcome(found.group(1).split('+'), found.group(2))
    return Outcome(['crash'], f'status {code}: {output[-300:]}')
