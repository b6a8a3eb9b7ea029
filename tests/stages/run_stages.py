"""Runs stages and adds up what they report; see tests/README.md.

A stage is a list of programs. Each prints a line per check: PASS name, FAIL name: why, or SKIP name: why. A program
that ends badly without saying so, says nothing at all, or outlives its stage's budget is a failed check itself.

A deep stage that was stopped goes on with the first program that had not ended well; the same command at the same
state of the sources then takes the others' results from build/. A stage that came to its end is done anew.
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

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import Progress  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
PYTHON = '/usr/bin/python3'  # Debian's own, which has the clients' modules
LINE = re.compile(r'^(PASS|FAIL|SKIP) (.*)$')


def scripts(pattern, but=()):
    """The Python programs that match, in the order of their names."""
    found = sorted(glob.glob(os.path.join(ROOT, pattern)))
    return [[PYTHON, path] for path in found if os.path.basename(path) not in but]


def deep(programs):
    return [[*program, '--deep'] for program in programs]


class Stage:
    """`budget` None: the stage is only run with --deep; `by_name_only`: and only when it is named."""

    def __init__(self, name, budget, deep_budget, about, programs, deep_programs=None, by_name_only=False):
        self.name, self.budget, self.deep_budget, self.about = name, budget, deep_budget, about
        self.programs, self.deep_programs = programs, deep_programs or programs
        self.by_name_only = by_name_only


def own(name, *arguments):
    return [PYTHON, os.path.join(ROOT, 'tests', 'stages', name), *arguments]


MUTANTS = 'mutants_checks.py'


def simulations():
    return [own('simulate.py')] + scripts('tests/sim/*_checks.py', but=(MUTANTS,))


STAGES = [
    Stage('lint', 120, 120, 'rules that programs check in text and objects, and the checkers themselves',
          lambda: [[PYTHON, os.path.join(ROOT, 'tests', 'lint', name)]
                   for name in ('lint.py', 'lint_selftest.py', 'mutants.py', 'symbols.py')]),
    Stage('headers', 300, 300, 'every header compiles alone',
          lambda: [[PYTHON, os.path.join(ROOT, 'tests', 'lint', 'headers_alone.py')]]),
    Stage('unit', 300, 900, 'unit and property tests', lambda: [own('gtest.py')]),
    Stage('model', None, 900, 'the log against its model: 100,000 random sequences with crashes', lambda: [own('model.py')]),
    Stage('sim', 480, 3600, 'the broker in the simulator', simulations, lambda: deep(simulations())),
    Stage('mutants', 240, 7200, 'planted bugs that the simulator must find',
          lambda: scripts(f'tests/sim/{MUTANTS}'),
          lambda: scripts(f'tests/sim/{MUTANTS}') + scripts('tests/sim/mutants_hunt.py')),
    Stage('determinism', None, 3600, 'the same seeds in other processes and in a build without optimisation',
          lambda: scripts('tests/sim/determinism.py'), by_name_only=True),
    Stage('fuzz', 60, 3600, 'corpora of the fuzz targets replayed; --deep: fuzzing under the sanitizers',
          lambda: [own('fuzz.py')], lambda: [own('fuzz.py'), own('fuzz.py', '--deep')]),
    Stage('clients', 780, 1200, 'a broker process with kcat, librdkafka, kafka-python and kafkajs',
          lambda: scripts('tests/clients/*_checks.py') + scripts('tests/clients/million_records.py')),
    Stage('bad-input', 120, 600, 'garbage, limits, full and read-only disks',
          lambda: scripts('tests/bad_input/*_checks.py')),
    Stage('docs', 30, 30, 'links, names of files and commands in the documentation', lambda: [own('docs.py')]),
    Stage('sanitize', None, 3600, 'unit tests and simulated runs under the address and undefined sanitizers',
          lambda: [own('sanitize.py')], lambda: [own('sanitize.py', '--deep')]),
    Stage('threads', None, 3600, 'real clients under the thread sanitizer, with CAF rebuilt under it',
          lambda: [own('threads.py')], by_name_only=True),
    Stage('bench', 900, 1800, 'benchmarks, and figures of the whole process beside baselines',
          lambda: [own('benchmarks.py')] + scripts('tests/bench/process/bench.py'), by_name_only=True),
    Stage('goals', None, 3600, 'figures of the log compared with what they are to reach; noisy machines miss some',
          lambda: [own('goals.py')], by_name_only=True),
    Stage('coverage', None, 5400, 'what the simulator does not reach: marks, faults by moment, options, lines',
          lambda: scripts('tests/sim/coverage.py'), by_name_only=True),
]


class Tally:
    """Counts of one stage, or of all."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

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


def run_stage(stage, deep_run, loud):
    budget = stage.deep_budget if deep_run else stage.budget
    programs = (stage.deep_programs if deep_run else stage.programs)()
    progress = Progress(BUILD, f'stage-{stage.name}') if deep_run else None
    began = time.monotonic()
    print(f'== {stage.name}: {stage.about}', flush=True)
    tally, stopped = Tally(), False
    if not programs:
        tally.fail(stage.name, 'the stage has no programs')
    for command in programs:
        name = ' '.join([os.path.relpath(command[1], ROOT), *command[2:]])
        if progress and progress.get(name):
            tally.add(Tally(*progress.get(name)))
            print(f'     {name} ended well before the stage was stopped', flush=True)
            continue
        counts = Tally()
        stopped = not run_program(command, began + budget, counts, loud)
        tally.add(counts)
        if stopped:
            break
        if progress and not counts.failed:
            progress.put(name, [counts.passed, 0, counts.skipped])
    if progress and not stopped:
        progress.finish()
    print(f'== {stage.name}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped, '
          f'{time.monotonic() - began:.1f} of {budget} s', flush=True)
    return tally


def show():
    for stage in STAGES:
        usual = 'deep only' if stage.budget is None else f'{stage.budget} s'
        named = ' (only when named)' if stage.by_name_only else ''
        print(f'{stage.name:10} {usual:>9}, deep {stage.deep_budget:5} s   {stage.about}{named}')


def wanted(stage, given):
    if given.stages:
        return stage.name in given.stages
    return not stage.by_name_only and (given.deep or stage.budget is not None)


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
        show()
        return 0
    shallow = [name for name in given.stages if by_name[name].budget is None and not given.deep]
    if shallow:
        parser.error(f'{shallow[0]} runs with --deep only')
    total = Tally()
    for stage in STAGES:
        if wanted(stage, given):
            total.add(run_stage(stage, given.deep, given.verbose or stage.by_name_only))
    if total.skipped:
        print(f'{total.skipped} skipped')
    print(f'{total.passed} passed, {total.failed} failed', flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == '__main__':
    sys.exit(main())
