"""The commands of `barnabas sim` from outside: scenarios, schedules that are kept, sweeps that go on, minimising."""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
SCENARIOS = os.path.join(ROOT, 'sim', 'scenarios')
DEADLINE_S = 120
good = True


def report(name, why=None):
    global good
    good = good and why is None
    print(f'PASS sim.{name}' if why is None else f'FAIL sim.{name}: {" ".join(why.split())[-600:]}', flush=True)


def run(*arguments, cwd=ROOT):
    done = subprocess.run([PROGRAM, 'sim', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=cwd,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


def scenarios_are_listed():
    code, output = run('list')
    files = sorted(glob.glob(os.path.join(SCENARIOS, '*.scenario')))
    missing = [path for path in files if os.path.relpath(path, ROOT) not in output]
    return None if code == 0 and files and not missing else f'status {code}, not listed: {missing}: {output}'


def scenarios_pass():
    files = sorted(glob.glob(os.path.join(SCENARIOS, '*.scenario')))
    code, output = run('sweep', *files, '--seeds', '1..6', '--failures', os.path.join(ROOT, 'build', 'sim-failures'))
    return None if code == 0 else f'status {code}: {output}'


def kept_schedules_pass():
    for path in sorted(glob.glob(os.path.join(SCENARIOS, 'schedules', '*.schedule'))):
        code, output = run('replay', path)
        if code != 0:
            return f'{path} ended with status {code}: {output}'
    return None


def wrong_scenario_is_refused_with_its_line():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'wrong.scenario')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('[scenario]\nabout = wrong\n\n[topic]\npartitons = 3\n')
        code, output = run('run', path)
    wanted = f'{path}:5: [topic] has no partitons; did you mean partitions?'
    return None if code == 2 and wanted in output else f'status {code}: {output}'


def every_kind_is_documented():
    with open(os.path.join(ROOT, 'docs', 'scenarios.md'), encoding='utf-8') as file:
        page = file.read()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'wrong.scenario')
        for text in ('[fault]\nat = 1s\nkind = x\n', '[hostile]\nkinds = x\n', '[harm]\nconnection = 1\nkind = x\n'):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            names = run('run', path)[1].split(' is none of ')[-1].strip().split(', ')
            missing = [name for name in names if f'`{name}`' not in page]
            if len(names) < 6 or missing:
                return f'docs/scenarios.md does not name {missing} of {names}'
    return None


def failing_run_becomes_a_schedule_that_fails_alike():
    with tempfile.TemporaryDirectory() as folder:
        mutant = ('--mutant', 'reuse_offset_after_restart')
        code, output = run('sweep', '--seeds', '1..50', '--until-failure', '--jobs', '1', *mutant, '--failures', folder)
        found = re.search(r'^FAILED seed \d+ (\w+): .*\((\S+)\)$', output, re.MULTILINE)
        if code != 1 or found is None:
            return f'the sweep ended with status {code}: {output}'
        checker, schedule = found.groups()
        code, output = run('replay', schedule)
        if code != 1 or f'FAILED {checker}, ' not in output:
            return f'the replay of {schedule} ended with status {code}: {output}'
        code, output = run('replay', schedule, '--without-mutant')
        if code != 0:
            return f'without the mutant the replay ended with status {code}: {output}'
        small = os.path.join(folder, 'small.schedule')
        code, output = run('minimize', schedule, '--out', small, '--runs', '150')
        if code != 0 or os.path.getsize(small) >= os.path.getsize(schedule):
            return f'minimize ended with status {code}: {output}'
        code, output = run('replay', small)
        return None if code == 1 and f'FAILED {checker}, ' in output else f'the small one: status {code}: {output}'


def run_that_dies_becomes_a_schedule_that_dies():
    died = 'process: broken assertion: '
    with tempfile.TemporaryDirectory() as folder:
        mutant = ('--mutant', 'deadly_canary')
        code, output = run('sweep', '--seeds', '9..11', '--twice', '0', *mutant, '--failures', folder)
        found = re.search(r'^FAILED seed 10 process: broken assertion: .*\((\S+)\)$', output, re.MULTILINE)
        if code != 1 or found is None or 'failing seeds: 10\n' not in output:
            return f'the sweep ended with status {code}: {output}'
        swept = found.group(1)
        os.rename(swept, swept + '.swept')
        code, output = run('run', '--seed', '10', *mutant, '--failures', folder)
        with open(swept, encoding='utf-8') as one, open(swept + '.swept', encoding='utf-8') as other:
            text = one.read()
            same = text == other.read()
        if code != 1 or 'FAILED process, seed 10: broken assertion: ' not in output or not same:
            return f'the run ended with status {code}, the schedules are {"equal" if same else "different"}: {output}'
        if '[sends]' not in text or '[choices]' not in text:
            return f'the schedule does not state what was sent and chosen: {text[:600]}'
        small = os.path.join(folder, 'small.schedule')
        code, output = run('minimize', swept, '--out', small, '--runs', '50')
        if code != 0 or died.replace('process: ', '') not in output or os.path.getsize(small) > 1500:
            return f'minimize ended with status {code}: {output}'
        for schedule in (swept, small):
            code, output = run('replay', schedule)
            if code != 1 or 'FAILED process, seed 10: broken assertion: ' not in output:
                return f'the replay of {schedule} ended with status {code}: {output}'
        code, output = run('replay', small, '--without-mutant')
        return None if code == 0 else f'without the mutant: {code}: {output}'


def children_of(process):
    with open(f'/proc/{process}/task/{process}/children', encoding='utf-8') as file:
        return [int(word) for word in file.read().split()]


def killed_run_becomes_a_schedule():
    """Whatever ends the process: what was drawn is written down."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([PROGRAM, 'sim', 'sweep', '--seeds', '1..1', '--seconds', '3600', '--failures', folder,
                                    '--twice', '0', '--jobs', '1'], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        limit = time.monotonic() + DEADLINE_S
        while not children_of(process.pid) and process.poll() is None and time.monotonic() < limit:
            pass
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        output = process.communicate(timeout=DEADLINE_S)[0]
        found = re.search(r'^FAILED seed 1 process: the process died of signal 9 \(Killed\) \((\S+)\)$', output, re.MULTILINE)
        if process.returncode != 1 or found is None:
            return f'status {process.returncode}: {output}'
        with open(found.group(1), encoding='utf-8') as file:
            text = file.read()
        return None if 'seconds = 3600\n' in text and 'violates = process\n' in text else text


def done_in(state):
    """Seeds that are done without a gap, as the state file says."""
    try:
        with open(state, encoding='utf-8') as file:
            return int(file.read().splitlines()[2].split()[0])
    except (OSError, IndexError):
        return 0


def stopped_sweep_goes_on():
    with tempfile.TemporaryDirectory() as folder:
        state, hashes = os.path.join(folder, 'state'), os.path.join(folder, 'hashes')
        command = ['sweep', '--seeds', '1..30', '--jobs', '1', '--twice', '0', '--failures', folder, '--state', state,
                   '--hashes', hashes]
        process = subprocess.Popen([PROGRAM, 'sim', *command], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        limit = time.monotonic() + DEADLINE_S
        while done_in(state) < 3 and process.poll() is None and time.monotonic() < limit:
            pass
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = done_in(state)
        with open(hashes, encoding='utf-8') as file:
            text = file.read()
        if before < 3 or not text.endswith('\n') or text.count('\n') < before:
            return f'{before} seeds were done when it was killed, and these hashes are there: {text}'
        code, output = run(*command)
        if code != 0 or 'done: 30 of 30 runs, 0 failed' not in output:
            return f'status {code}: {output}'
        with open(hashes, encoding='utf-8') as file:
            seeds = [line.split()[1] for line in file]
        if seeds != [str(seed) for seed in range(1, 31)]:
            return f'{before} seeds were done before, then there are hashes of {seeds}'
        code, output = run(*command[:2], '1..31', *command[3:])
        return None if code == 2 and 'another program or command' in output else f'other command: {code}: {output}'


def sweep_of_a_changed_scenario_begins_anew():
    with tempfile.TemporaryDirectory() as folder:
        path, state = os.path.join(folder, 'some.scenario'), os.path.join(folder, 'state')
        command = ['sweep', path, '--seeds', '1..2', '--twice', '0', '--failures', folder, '--state', state]
        for content, wanted in (('[topic]\n', 0), ('[topic]\n', 0), ('[topic]\npartitions = 2\n', 2)):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(content)
            code, output = run(*command)
            if code != wanted:
                return f'with {content!r} status {code}: {output}'
        return None if 'another program or command' in output else output


def sweep_that_cannot_be_is_refused():
    most, beyond = str(2 ** 63 - 1), str(2 ** 64 - 1)
    for words, wanted in ((('--seeds', '0..' + beyond), 'seeds end at ' + most), (('--seeds', '0..9' + beyond), 'seeds end at'),
                          (('--seeds', '0..' + most), 'are too many runs'), (('--seeds', '-5..3'), 'is no range'),
                          (('--seeds', '1..2', '--state', '/nonexistent/state'), 'cannot be written'),
                          (('--seeds', '1..2', '--hashes', '/nonexistent/hashes'), 'cannot be written')):
        code, output = run('sweep', *words, '--failures', 'none')
        if code != 2 or wanted not in output or 'runs,' in output:
            return f'{words}: status {code}: {output}'
    return None


def sweep_names_the_scenario_of_a_failing_seed():
    paths = [os.path.join(SCENARIOS, name + '.scenario') for name in ('fair_weather', 'power_cuts')]
    code, output = run('sweep', *paths, '--seeds', '9..10', '--mutant', 'canary', '--twice', '0', '--failures', 'none')
    wanted = ('failing seeds of fair_weather: 10\n', 'failing seeds of power_cuts: 10\n')
    return None if code == 1 and all(each in output for each in wanted) else f'status {code}: {output}'


def output_that_cannot_be_written_is_an_error():
    for words in (('run', '--seconds', '24'), ('list',)):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([PROGRAM, 'sim', *words], stdin=subprocess.DEVNULL, stdout=full, cwd=ROOT,
                                  stderr=subprocess.PIPE, text=True, errors='replace', check=False)
        if done.returncode != 1 or 'standard output cannot be written' not in done.stderr:
            return f'{words} ended with status {done.returncode}: {done.stderr}'
    return None


def seeds_run_twice_agree():
    code, output = run('sweep', '--seeds', '1..6', '--twice', '100', '--failures', 'none')
    return None if code == 0 and ' 6 run twice' in output else f'status {code}: {output}'


def what_depends_on_addresses_is_named():
    with tempfile.TemporaryDirectory() as folder:
        code, output = run('sweep', '--seeds', '1..2', '--twice', '100', '--mutant', 'wait_by_address', '--failures', folder)
    found = re.search(r'^FAILED seed \d+ determinism: event \d+ differs', output, re.MULTILINE)
    return None if code == 1 and found and '_actor' in output and ' takes ' in output else f'status {code}: {output}'


def main():
    for check in (scenarios_are_listed, scenarios_pass, kept_schedules_pass, wrong_scenario_is_refused_with_its_line,
                  every_kind_is_documented,
                  failing_run_becomes_a_schedule_that_fails_alike, run_that_dies_becomes_a_schedule_that_dies,
                  killed_run_becomes_a_schedule, stopped_sweep_goes_on, sweep_of_a_changed_scenario_begins_anew,
                  sweep_that_cannot_be_is_refused, sweep_names_the_scenario_of_a_failing_seed,
                  output_that_cannot_be_written_is_an_error, seeds_run_twice_agree, what_depends_on_addresses_is_named):
        try:
            report(check.__name__, check())
        except (OSError, ValueError, IndexError) as why:
            report(check.__name__, str(why))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
