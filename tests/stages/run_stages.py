"""Runs stages and adds up what they report; see tests/README.md.

A stage is a list of programs. Each prints a line per check: PASS name, FAIL name: why, or SKIP name: why. A program
that ends badly without saying so, says nothing at all, or outlives its stage's budget is a failed check itself.
"""

import argparse
import glob
import os
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = '/usr/bin/python3'  # Debian's own, which has the clients' modules
LINE = re.compile(r'^(PASS|FAIL|SKIP) (.*)$')


def scripts(pattern):
    """The Python programs that match, in the order of their names."""
    return [[PYTHON, path] for path in sorted(glob.glob(os.path.join(ROOT, pattern)))]


class Stage:
    def __init__(self, name, budget, deep_budget, about, programs, deep_programs=None, by_name_only=False):
        self.name, self.budget, self.deep_budget, self.about = name, budget, deep_budget, about
        self.programs, self.deep_programs = programs, deep_programs or programs
        self.by_name_only = by_name_only


def own(name, *arguments):
    return [PYTHON, os.path.join(ROOT, 'tests', 'stages', name), *arguments]


STAGES = [
    Stage('lint', 60, 60, 'rules that programs check in text and objects, and the checkers themselves',
          lambda: [[PYTHON, os.path.join(ROOT, 'tests', 'lint', name)] for name in ('lint.py', 'lint_selftest.py', 'symbols.py')]),
    Stage('headers', 300, 300, 'every header compiles alone',
          lambda: [[PYTHON, os.path.join(ROOT, 'tests', 'lint', 'headers_alone.py')]]),
    Stage('unit', 300, 900, 'unit and property tests', lambda: [own('gtest.py')]),
    Stage('sim', 300, 1200, 'the broker in the simulator',
          lambda: [own('simulate.py')] + scripts('tests/sim/*_checks.py'),
          lambda: [own('simulate.py', '--deep')] + [[*one, '--deep'] for one in scripts('tests/sim/*_checks.py')]),
    Stage('clients', 420, 1200, 'a broker process with kcat, librdkafka, kafka-python and kafkajs',
          lambda: scripts('tests/clients/*_checks.py') + scripts('tests/clients/million_records.py')),
    Stage('bad-input', 240, 600, 'garbage, limits, full and read-only disks',
          lambda: scripts('tests/bad_input/*_checks.py')),
    Stage('docs', 30, 30, 'links, names of files and commands in the documentation', lambda: [own('docs.py')]),
    Stage('bench', 900, 1800, 'figures of the whole process beside baselines; only when named',
          lambda: scripts('tests/bench/process/bench.py'), by_name_only=True),
]


class Tally:
    """Counts of one stage, or of all."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def fail(self, name, why):
        self.failed += 1
        print(f'FAIL {name}: {why}', flush=True)

    def take(self, line, loud):
        """Counts one line of a program; shows it unless it says PASS."""
        found = LINE.match(line)
        if found is None:
            if loud:
                print('     ' + line, flush=True)
            return
        kind = found.group(1)
        self.passed += kind == 'PASS'
        self.failed += kind == 'FAIL'
        self.skipped += kind == 'SKIP'
        if loud or kind != 'PASS':
            print(line, flush=True)


def end(process):
    """Ends a program and all that it started: it is the leader of a process group of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            pass


def run_program(command, deadline, tally, loud):
    """Runs one program of a stage; False when the stage's time is over."""
    name = os.path.relpath(command[1], ROOT)
    before = tally.passed + tally.failed + tally.skipped
    failed_before = tally.failed
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               start_new_session=True, text=True, errors='replace')
    late = threading.Event()

    def stop():
        late.set()
        end(process)

    timer = threading.Timer(max(0.1, deadline - time.monotonic()), stop)
    timer.start()
    try:
        for line in process.stdout:
            tally.take(line.rstrip('\n'), loud)
        code = process.wait()
    finally:
        timer.cancel()
        end(process)  # what it may have left behind
    if late.is_set():
        tally.fail(name, 'the stage is over its budget')
        return False
    if code != 0 and tally.failed == failed_before:
        tally.fail(name, f'ended with status {code}')
    elif tally.passed + tally.failed + tally.skipped == before:
        tally.fail(name, 'reported nothing')
    return True


def run_stage(stage, deep, loud):
    budget = stage.deep_budget if deep else stage.budget
    programs = (stage.deep_programs if deep else stage.programs)()
    began = time.monotonic()
    print(f'== {stage.name}: {stage.about}', flush=True)
    tally = Tally()
    if not programs:
        tally.fail(stage.name, 'the stage has no programs')
    for command in programs:
        if not run_program(command, began + budget, tally, loud):
            break
    print(f'== {stage.name}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped, '
          f'{time.monotonic() - began:.1f} of {budget} s', flush=True)
    return tally


def main():
    parser = argparse.ArgumentParser(prog='tests/run', description='Runs the tests; the last line adds them up.')
    parser.add_argument('stages', nargs='*', metavar='STAGE', help='stages to run (default: all)')
    parser.add_argument('--deep', action='store_true', help='include the long checks')
    parser.add_argument('--list', action='store_true', help='show the stages and their budgets')
    parser.add_argument('--verbose', action='store_true', help='show every line of every check')
    given = parser.parse_args()
    by_name = {stage.name: stage for stage in STAGES}
    unknown = [name for name in given.stages if name not in by_name]
    if unknown:
        parser.error(f'no stage is named {unknown[0]}; there are {", ".join(by_name)}')
    if given.list:
        for stage in STAGES:
            print(f'{stage.name:10} {stage.budget:5} s, deep {stage.deep_budget:5} s   {stage.about}')
        return 0
    total = Tally()
    for stage in STAGES:
        if stage.name in given.stages or not (given.stages or stage.by_name_only):
            total.add(run_stage(stage, given.deep, given.verbose or stage.by_name_only))
    if total.skipped:
        print(f'{total.skipped} skipped')
    print(f'{total.passed} passed, {total.failed} failed', flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == '__main__':
    sys.exit(main())
