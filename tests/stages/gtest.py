"""Runs every test that meson knows and reports each case of each GoogleTest program by itself.

A test of another kind (a Python script) is one check; status 77 means skipped, for what it said last. Tests of the suite `long` are left out; arguments choose tests
by a part of their name.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
LONGEST_OUTPUT = 2000
SKIPPED = 77


def known_tests():
    listed = subprocess.run(['meson', 'introspect', '--tests', BUILD], capture_output=True, text=True, check=True)
    for test in json.loads(listed.stdout):
        if not any(suite.split(':')[-1] == 'long' for suite in test.get('suite', [])):
            yield test


def one_line(text):
    return ' '.join(text.split())[:LONGEST_OUTPUT]


def cases_of(report):
    """(name, state, why) of each case in GoogleTest's own report."""
    for suite in report.get('testsuites', []):
        for case in suite.get('testsuite', []):
            name = f"{suite['name']}.{case['name']}"
            failures = [one_line(failure.get('failure', '')) for failure in case.get('failures', [])]
            if failures:
                yield name, 'FAIL', ' / '.join(failures)
            elif case.get('result') == 'SKIPPED' or case.get('status') == 'NOTRUN':
                yield name, 'SKIP', one_line(case.get('skipped', [{}])[0].get('message', '')) or 'not run here'
            else:
                yield name, 'PASS', ''


def line(state, name, why):
    return f'{state} {name}: {why}' if why else f'{state} {name}'


def run(test):
    """All lines of one test program."""
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, 'report.json')
        environment = {**os.environ, **test.get('env', {}), 'GTEST_OUTPUT': f'json:{path}', 'GTEST_COLOR': 'no'}
        try:
            done = subprocess.run(test['cmd'], cwd=test.get('workdir') or BUILD, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=max(test.get('timeout', 0), 30), check=False)
        except subprocess.TimeoutExpired:
            return [line('FAIL', test['name'], 'did not end within its time')]
        except OSError as failure:
            return [line('FAIL', test['name'], f'cannot be run: {failure}')]
        output = done.stdout.decode(errors='replace')
        lines = []
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='replace') as report:
                lines = [line(state, f"{test['name']}/{name}", why) for name, state, why in cases_of(json.load(report))]
        failed = any(one.startswith('FAIL') for one in lines)
        if done.returncode == SKIPPED and not lines:
            return [line('SKIP', test['name'], one_line(output.strip().rpartition('\n')[2]))]
        if done.returncode != 0 and not failed:
            end = output.strip().splitlines()[-8:]
            lines.append(line('FAIL', test['name'], f'status {done.returncode}: {one_line(" | ".join(end))}'))
        return lines or [line('PASS', test['name'], '')]


def main():
    wanted = sys.argv[1:]
    tests = [test for test in known_tests() if not wanted or any(part in test['name'] for part in wanted)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        good = True
        for lines in pool.map(run, tests):
            print('\n'.join(lines), flush=True)
            good = good and not any(one.startswith('FAIL') for one in lines)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
