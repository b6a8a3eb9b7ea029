"""The simulator from outside: a seed gives the same run in every process, and a sweep of seeds finds nothing."""

import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import sweep_state  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
# By time: a slower machine sees fewer seeds. Without --deep at most those that every change is swept over before it lands;
# what lies beyond is hunted by the deep sweep, which goes on from day to day.
MINUTES, DEEP_MINUTES, SCENARIO_MINUTES = 3, 38, 12
SEEDS_MAX, DEEP_SEEDS_MAX = 1_500, 1_000_000
DEEP = '--deep' in sys.argv[1:]
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.{name}' if why is None else f'FAIL sim.{name}: {" ".join(why.split())[-600:]}', flush=True)


FAILURES = ('--failures', os.path.join(ROOT, 'build', 'sim-failures'))


def run(*arguments, prefix=()):
    done = subprocess.run([*prefix, PROGRAM, 'sim', *arguments, *FAILURES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


def trace_hash(seed, prefix=()):
    code, output = run('run', '--seed', str(seed), prefix=prefix)
    found = re.search(r'^trace hash (\S+)\s*$', output, re.MULTILINE)
    if code != 0 or found is None:
        raise RuntimeError(f'seed {seed} ended with status {code}: {output[-500:]}')
    return found.group(1)


def same_seed_gives_the_same_hash():
    seen = {trace_hash(7), trace_hash(7), trace_hash(7, prefix=('setarch', '-R'))}
    return None if len(seen) == 1 else f'three runs of seed 7 gave {sorted(seen)}'


def other_seeds_give_other_hashes():
    seen = {trace_hash(seed) for seed in range(1, 6)}
    return None if len(seen) == 5 else f'five seeds gave {sorted(seen)}'


def sweep_finds_nothing():
    """The same seeds each time; --deep goes on where it was stopped."""
    minutes = DEEP_MINUTES if DEEP else MINUTES
    further = ('--state', sweep_state(os.path.join(ROOT, 'build'), PROGRAM)) if DEEP else ()
    last = DEEP_SEEDS_MAX if DEEP else SEEDS_MAX
    code, output = run('sweep', '--seeds', f'1..{last}', '--jobs', str(os.cpu_count() or 1), '--minutes',
                       str(minutes), *further)
    return None if code == 0 else f'{minutes} minutes of seeds ended with status {code}: {output[-600:]}'


def sweep_of_scenarios_finds_nothing():
    """What no seed draws: directories that hang alone, topics that are made again, retention that is judged. `tests/sim` runs
    a few seeds of each every time; --deep goes on with others."""
    scenarios = sorted(glob.glob(os.path.join(ROOT, 'sim', 'scenarios', '*.scenario')))
    state = sweep_state(os.path.join(ROOT, 'build'), PROGRAM, 'scenarios')
    code, output = run('sweep', *scenarios, '--seeds', f'1..{DEEP_SEEDS_MAX // 10}', '--jobs', str(os.cpu_count() or 1),
                       '--minutes', str(SCENARIO_MINUTES), '--state', state)
    return None if code == 0 else f'{SCENARIO_MINUTES} minutes of scenarios ended with status {code}: {output[-600:]}'


def main():
    for check in (same_seed_gives_the_same_hash, other_seeds_give_other_hashes, sweep_finds_nothing,
                  *([sweep_of_scenarios_finds_nothing] if DEEP else [])):
        try:
            report(check.__name__, check())
        except (OSError, RuntimeError) as why:
            report(check.__name__, str(why))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
