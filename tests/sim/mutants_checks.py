"""Planted bugs: the seed kept for each fails by a checker that was named for it, and passes without the bug."""

import concurrent.futures
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mutants_table import kept, mutants, run, run_seed  # noqa: E402

MUTANTS_MIN = 12
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.{name}' if why is None else f'FAIL sim.{name}: {" ".join(why.split())[-600:]}', flush=True)


def kept_seed_fails_by_a_named_checker(mutant, seed):
    outcome = run_seed(seed, mutant.name)
    if set(outcome.checkers) & set(mutant.checkers):
        return None
    if not outcome.checkers:
        return f'seed {seed} passes with the mutant; `barnabas sim sweep --mutant {mutant.name}` names others to keep'
    return f'seed {seed} fails by {outcome.checkers}, not by {" or ".join(mutant.checkers)}: {outcome.text}'


def seed_passes_without_mutants(seed):
    outcome = run_seed(seed)
    return f'{outcome.checkers}: {outcome.text}' if outcome.checkers else None


def every_mutant_has_a_seed(table, seeds):
    if len(table) < MUTANTS_MIN:
        return f'{len(table)} mutants, at least {MUTANTS_MIN} are wanted'
    names = {mutant.name for mutant in table}
    missing, strange = names - seeds.keys(), seeds.keys() - names
    return f'without a line: {sorted(missing)}; no mutants: {sorted(strange)}' if missing or strange else None


def canary_is_reported():
    code, output = run('sweep', '--failures', 'none', '--seeds', '8..12', '--twice', '0', '--jobs', '2', '--mutant', 'canary')
    failed = re.findall(r'^FAILED seed (\d+) (\w+): ', output, re.MULTILINE)
    return None if code == 1 and failed == [('10', 'canary')] else f'status {code}: {output}'


def unknown_mutant_is_refused():
    code, output = run('run', '--seed', '1', '--mutant', 'no_such_bug')
    return None if code == 2 and 'no_such_bug' in output else f'status {code}: {output}'


def main():
    table, seeds = mutants(), kept()
    report('every_mutant_has_a_seed', every_mutant_has_a_seed(table, seeds))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting = [('canary_is_reported', pool.submit(canary_is_reported)),
                   ('unknown_mutant_is_refused', pool.submit(unknown_mutant_is_refused))]
        for mutant in table:
            one = seeds.get(mutant.name)
            if one is not None and one.seed is None:
                print(f'SKIP sim.{mutant.name}.kept_seed: {one.note}', flush=True)
            elif one is not None:
                waiting.append((f'{mutant.name}.kept_seed',
                                pool.submit(kept_seed_fails_by_a_named_checker, mutant, one.seed)))
        for seed in sorted({one.seed for one in seeds.values() if one.seed is not None}):
            waiting.append((f'seed_{seed}_without_mutants', pool.submit(seed_passes_without_mutants, seed)))
        for name, outcome in waiting:
            report(name, outcome.result())
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
