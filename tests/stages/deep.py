"""What the long stages share: separate builds, time budgets, and a memory of what is done."""

import glob
import hashlib
import json
import os
import subprocess
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONGEST_REASON = 1500


def one_line(text):
    return ' '.join(text.split())[-LONGEST_REASON:]


def commit():
    """Names the sources as they are: the commit, and a digest of what was changed or added since."""
    def git(*arguments):
        done = subprocess.run(['git', *arguments], cwd=ROOT, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else b''

    head, changed = git('rev-parse', 'HEAD').decode().strip(), git('diff', 'HEAD')
    for name in git('ls-files', '--others', '--exclude-standard', '-z').split(b'\0'):
        if name:
            with open(os.path.join(ROOT.encode(), name), 'rb') as file:
                changed += name + file.read()
    return head + ('+' + hashlib.sha256(changed).hexdigest()[:12] if changed else '')


class Progress:
    """What a stage has done, kept in a build folder, so that one that was stopped goes on from there.

    It belongs to one state of the sources: after any change everything is to be done again, unless the stage says by
    `state` what else it depends on. `finish` forgets it, so that the next run of a complete stage does all of it.
    """

    def __init__(self, folder, name, state=None):
        self.path = os.path.join(folder, f'progress-{name}.json')
        self.state = {'commit': state or commit(), 'done': {}}
        self.lock = threading.Lock()
        try:
            with open(self.path, encoding='utf-8') as file:
                before = json.load(file)
            if before['commit'] == self.state['commit']:
                self.state = before
        except (OSError, ValueError, KeyError):
            pass

    def get(self, name, default=None):
        return self.state['done'].get(name, default)

    def put(self, name, value=True):
        with self.lock:
            self.state['done'][name] = value
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(self.path + '.tmp', 'w', encoding='utf-8') as file:
                json.dump(self.state, file)
            os.replace(self.path + '.tmp', self.path)

    def finish(self):
        if os.path.exists(self.path):
            os.remove(self.path)


class Report:
    """The lines of a stage's program."""

    def __init__(self, prefix):
        self.prefix, self.good = prefix, True

    def passed(self, name):
        print(f'PASS {self.prefix}.{name}', flush=True)

    def failed(self, name, why):
        self.good = False
        print(f'FAIL {self.prefix}.{name}: {one_line(why)}', flush=True)

    def skipped(self, name, why):
        print(f'SKIP {self.prefix}.{name}: {one_line(why)}', flush=True)

    def code(self):
        return 0 if self.good else 1


class Build:
    """A build folder beside build/, with options of its own."""

    def __init__(self, name, options, environment=None):
        self.folder = os.path.join(ROOT, name)
        self.options, self.environment = options, {**os.environ, **(environment or {})}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make(self, *targets):
        """Configures it if need be and builds the targets; the error's text, or None."""
        if not os.path.exists(self.path('build.ninja')):
            # Instrumented code earns warnings that are not true; `build/` is where they are errors.
            configured = self.run('meson', 'setup', self.folder, '-Dwerror=false', *self.options)
            if configured is not None:
                return configured
        return self.run('ninja', '-C', self.folder, *targets)

    def run(self, *command):
        done = subprocess.run(command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                              check=False)
        return None if done.returncode == 0 else f'{command[0]} ended with {done.returncode}: {done.stdout[-1200:]}'

    def tests(self):
        """meson's tests by name."""
        listed = subprocess.run(['meson', 'introspect', '--tests', self.folder], capture_output=True, text=True,
                                check=True)
        return {test['name']: test for test in json.loads(listed.stdout)}

    def program_of(self, test):
        return os.path.relpath(test['cmd'][0], self.folder)


def install(section):
    """Installs a section of cmd/packages.txt; the error's text, or None."""
    done = subprocess.run([os.path.join(ROOT, 'cmd', 'install'), section], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return None if done.returncode == 0 else done.stdout


def sweep_state(folder, program, kind='sweep'):
    """Where a sweep notes how far it is. Seeds that another program passed say nothing of this one: it begins anew."""
    with open(program, 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()[:16]
    state = os.path.join(folder, f'{kind}-{digest}.state')
    for old in glob.glob(os.path.join(folder, f'{kind}-*.state')):
        if old != state:
            os.remove(old)
    return state


def sweep_for(program, minutes, folder, report, environment=None, first=1):
    """Runs seeds until the time is over; stopped, it goes on where it was. Failing runs are written to `folder`."""
    state = sweep_state(folder, program)
    done = subprocess.run([program, 'sim', 'sweep', '--seeds', f'{first}..{first + 999_999}', '--minutes', str(minutes),
                           '--jobs', str(os.cpu_count() or 1), '--state', state,
                           '--failures', os.path.join(folder, 'sim-failures')],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', env={**os.environ, **(environment or {})}, check=False)
    if done.returncode == 0:
        print('     ' + (done.stdout.strip().splitlines() or [''])[-1], flush=True)
        report.passed('sweep')
    else:
        report.failed('sweep', f'ended with {done.returncode}: {done.stdout}')
    return done.returncode == 0
