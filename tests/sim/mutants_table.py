"""What the checks of planted bugs share: the program, its table of mutants, and the seeds that are kept."""

import collections
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
KEPT = os.path.join(ROOT, 'tests', 'sim', 'kept_mutants.txt')

Mutant = collections.namedtuple('Mutant', 'name checkers what')
# `seed` is None where no seed is known; `note` says why.
Kept = collections.namedtuple('Kept', 'seed note')
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


def kept():
    """{mutant: Kept}, from lines `NAME SEED` or `NAME none WHY`."""
    found = {}
    with open(KEPT, encoding='utf-8') as file:
        for line in file:
            words = line.split('#')[0].strip().split(maxsplit=2)
            if words:
                found[words[0]] = Kept(None if words[1] == 'none' else int(words[1]), ' '.join(words[2:]))
    return found


def run_seed(seed, mutant=None):
    code, output = run('run', '--seed', str(seed), '--failures', 'none', '--all-checkers', *(['--mutant', mutant] if mutant else []))
    if code == 0:
        return Outcome([], '')
    found = re.search(rf'^FAILED ([\w+]+), seed {seed}: (.*)$', output, re.MULTILINE)
    if found:
        return Outcome(found.group(1).split('+'), found.group(2))
    return Outcome(['crash'], f'status {code}: {output[-300:]}')
