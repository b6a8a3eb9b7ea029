"""The log against its model: 100,000 random sequences of operations with crashes (tests/unit/actors/replica/log_model).

Each part has a seed of its own, so that every run of the stage tries others than the unit tests do; what failed is printed
as a line for a regression test. A stage that was stopped goes on with the parts that are left.

    model.py [--sequences N] [--first SEED]
"""

import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import ROOT, Progress, Report  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
PROGRAM = os.path.join(BUILD, 'tests', 'unit', 'actors', 'replica', 'log_model_test')
PARTS = 10


def run(seed, sequences):
    """Why these sequences failed, or None."""
    done = subprocess.run([PROGRAM, '--gtest_filter=log_model.*'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                          env={**os.environ, 'BARNABAS_MODEL_SEED': str(seed),
                               'BARNABAS_MODEL_SEQUENCES': str(sequences)})
    if done.returncode == 0:
        return None
    found = re.search(r'Which is: "(.*)"', done.stdout)
    return found.group(1) if found else f'ended with {done.returncode}: {done.stdout}'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--sequences', type=int, default=100_000)
    parser.add_argument('--first', type=int, default=1_000)
    parser.add_argument('--deep', action='store_true')
    given = parser.parse_args()
    report, progress = Report('model'), Progress(BUILD, 'model')
    for part in range(PARTS):
        seed = given.first + part
        name = f'seed_{seed}.{given.sequences // PARTS}_sequences'
        why = None if progress.get(name) else run(seed, given.sequences // PARTS)
        if why is None:
            progress.put(name)
            report.passed(name)
        else:
            report.failed(name, why)
    if report.good:
        progress.finish()
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
