"""Compares figures of the log with what they are to reach: each a ratio to plain system calls in the same run, or a bound.

Machines are noisy, so this is no part of the ordinary tests: `tests/run --deep goals`. Figures are medians of several
turns. Arguments choose goals by a part of their name. Files go to build/goals, which should lie on a disk.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import ROOT, Build, Report  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
FILES = os.path.join(BUILD, 'goals')
MEBIBYTES = int(os.environ.get('BARNABAS_GOALS_MEBIBYTES', '1024'))
SECONDS = 1500
report = Report('goals')


class Failed(Exception):
    """A program that did not end well, or did not say what it was asked for."""


def run(*command):
    done = subprocess.run(command, cwd=FILES, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors='replace', timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise Failed(f'{os.path.basename(command[0])} ended with {done.returncode}: {done.stderr[-800:]}')
    return done.stdout


def program(name):
    return os.path.join(BUILD, 'tests', 'bench', name)


def figure(pattern, text):
    found = re.search(pattern, text)
    if found is None:
        raise Failed(f'nothing like {pattern!r} in: {text[-800:]}')
    return float(found.group(1))


def log_bench(names, key, turns, *options):
    """Medians of that counter, by name of the benchmark."""
    shown = run(program('log_bench'), f'--benchmark_filter=^({"|".join(names)})/', '--benchmark_format=json',
                f'--benchmark_repetitions={turns}', *options)
    seen = {name: [] for name in names}
    for one in json.loads(shown)['benchmarks']:
        if one['run_type'] == 'iteration':
            seen[next(name for name in names if one['run_name'].startswith(name + '/'))].append(one[key])
    return [statistics.median(seen[name]) for name in names]


def durable():
    plain, journal = log_bench(['durable_plain_files/100', 'durable_commit_journal/100'], 'items_per_second', 3)
    yield 'durable appends over 100 partitions / files synced one after another', journal / plain, '>=', 5


def append():
    yield 'sequential append / plain pwritev', log_bench(['append'], 'log_over_plain', 7)[0], '>=', 0.8


def cold_read():
    yield 'cold sequential read / plain pread', log_bench(['cold_read'], 'log_over_plain', 3)[0], '>=', 0.8


def recovery():
    shown = run(program('recovery_bench'), str(MEBIBYTES), 'recovery')
    # Behind the newest snapshot lie 16 MiB at most, and 8 MiB that were not synced; some of it is read twice.
    yield 'MiB read by recovery after kill -9', figure(r'read: ([0-9.]+) MiB', shown), '<=', 40


def compaction():
    memory, speed = [], []
    # The last one prints the p99 of appends, too, without and with compaction beside them.
    for seconds in ('0', '0', '8'):
        shown = run(program('compaction_bench'), str(MEBIBYTES), str(MEBIBYTES * 1_000_000 // 1024), 'compaction',
                    seconds)
        print(shown, end='')
        memory.append(figure(r'memory: ([0-9.]+) MiB', shown))
        speed.append(figure(r'plain copy: ([0-9.]+) by the clock', shown))
    yield 'MiB of memory for compaction', max(memory), '<=', 64
    yield 'speed of compaction / of a plain copy', statistics.median(speed), '>=', 0.5


def partitions():
    shown = run(sys.executable, os.path.join(ROOT, 'tests', 'bench', 'process', 'bench.py'), 'partitions')
    clean, killed = shown.split('start after a clean stop')[1].split('start after kill -9')
    count = figure(r'(\d+) partitions, one in ten', shown)
    yield f'seconds until {count:.0f} cleanly closed partitions are served', figure(r'([0-9.]+) s', clean), '<=', 5
    for how, part in (('a clean start', clean), ('kill -9', killed)):
        yield f'bytes of memory per idle partition after {how}', figure(r'per idle partition\D*(\d+) B', part), '<=', 8192


GOALS = (durable, append, cold_read, recovery, compaction, partitions)


def check(goal):
    try:
        for name, value, how, wanted in goal():
            met = value >= wanted if how == '>=' else value <= wanted
            text = f'{name}: {value:.2f}, {how} {wanted} is asked for'
            print('     ' + text, flush=True)
            if met:
                report.passed(name)
            else:
                report.failed(name, text)
    except (Failed, subprocess.TimeoutExpired, KeyError, IndexError, ValueError) as why:
        report.failed(goal.__name__, str(why))


def main():
    build = Build(os.path.relpath(BUILD, ROOT), [])
    programs = [f'tests/bench/{name}' for name in ('log_bench', 'recovery_bench', 'compaction_bench')]
    problem = build.make(*programs)
    if problem is not None:
        report.failed('build', problem)
        return report.code()
    os.makedirs(FILES, exist_ok=True)
    for goal in GOALS:
        if len(sys.argv) == 1 or any(part in goal.__name__ for part in sys.argv[1:]):
            check(goal)
    shutil.rmtree(FILES)
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
