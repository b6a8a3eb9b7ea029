"""Real clients against a broker on two loops under the thread sanitizer, in build-tsan/.

CAF passes everything from one loop to another, so it must be instrumented too: Debian's source package of the version
that is installed is fetched with a package list of its own, and its core is compiled into build-tsan/caf/. Where that
cannot be had, the home-loop tests run many times in place of it: each actor runs on its own loop, whatever happens.
"""

import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import ROOT, Build, Progress, Report, one_line  # noqa: E402

PYTHON = '/usr/bin/python3'
LOOPS = (2, 3)
HOME_LOOP_ROUNDS = 200
CLIENT_CHECKS = ('confluent_checks.py', 'kafka_python_checks.py', 'old_clients_checks.py', 'kcat_checks.py', 'kafkajs_checks.py',
                 'start_stop_checks.py')
BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
FOLDER = os.path.join(ROOT, 'build-tsan')
CAF = os.path.join(FOLDER, 'caf')
FLAGS = ['-std=c++20', '-w', '-O1', '-g1', '-fno-omit-frame-pointer', '-fsanitize=thread']

# The sanitizer does not understand bare fences. Asio's stand beside locks, which it does understand.
WITHOUT_FENCES = '-DBOOST_ASIO_DISABLE_FENCED_BLOCK'

report = Report('threads')


def run(command, cwd=ROOT, environment=None):
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


def source_version():
    """The version of the source package that the installed headers come from."""
    code, output = run(['dpkg-query', '-W', '-f=${source:Version}', 'libcaf-dev'])
    return output.strip() if code == 0 else None


def fetch_source():
    """Debian's source of CAF; the machine's own package lists stay as they are. The error's text, or None."""
    version = source_version()
    if version is None:
        return 'libcaf-dev is not installed from a Debian package'
    for folder in ('lists/partial', 'archives/partial'):
        os.makedirs(os.path.join(CAF, 'apt', folder), exist_ok=True)
    sources, configuration = os.path.join(CAF, 'apt', 'sources.list'), os.path.join(CAF, 'apt', 'apt.conf')
    with open(sources, 'w', encoding='utf-8') as file:
        file.write('deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
                   'http://deb.debian.org/debian bookworm main\n')
    with open(configuration, 'w', encoding='utf-8') as file:
        file.write(f'Dir::Etc::SourceList "{sources}";\nDir::Etc::SourceParts "/dev/null";\n'
                   f'Dir::State::Lists "{CAF}/apt/lists";\nDir::Cache "{CAF}/apt";\n')
    environment = {'APT_CONFIG': configuration}
    for command in (['apt-get', '-q', 'update'],
                    ['apt-get', '-q', 'source', '--download-only', '--tar-only', f'actor-framework={version}']):
        code, output = run(command, CAF, environment)
        if code != 0:
            return f'{" ".join(command)}: {output[-400:]}'
    archives = glob.glob(os.path.join(CAF, 'actor-framework_*.orig.tar.*'))
    if not archives:
        return 'the source package has no archive'
    code, output = run(['tar', 'xf', archives[0], '--one-top-level=source', '--strip-components=1'], CAF)
    return None if code == 0 else output


def compile_one(source):
    target = os.path.join(CAF, 'objects', os.path.relpath(source, os.path.join(CAF, 'source')).replace('/', '_') + '.o')
    if os.path.exists(target):
        return None
    code, output = run(['ccache', 'g++', *FLAGS, '-c', source, '-o', target + '.part'])
    if code != 0:
        return output
    os.replace(target + '.part', target)
    return None


def make_caf():
    """CAF's core under the sanitizer, by the installed headers. The error's text, or None."""
    library = os.path.join(CAF, 'libcaf_core.a')
    if os.path.exists(library):
        return None
    if not os.path.isdir(os.path.join(CAF, 'source', 'libcaf_core')):
        problem = fetch_source()
        if problem is not None:
            return problem
    os.makedirs(os.path.join(CAF, 'objects'), exist_ok=True)
    sources = sorted(glob.glob(os.path.join(CAF, 'source', 'libcaf_core', 'src', '**', '*.cpp'), recursive=True))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for problem in pool.map(compile_one, sources):
            if problem is not None:
                return problem
    code, output = run(['ar', 'rcs', library, *sorted(glob.glob(os.path.join(CAF, 'objects', '*.o')))])
    return None if code == 0 else output


def races_in(text):
    """The distinct races of a log, each by the first places of our own code."""
    found = {}
    for block in text.split('==================\n'):
        if 'WARNING: ThreadSanitizer' in block:
            places = re.findall(r'#\d+ (\S+).*?((?:actors|runtime|protocol|cmd)/\S+:\d+)', block)
            found.setdefault(str(places[:2]), block)
    return list(found.values())


def run_checks(build, name, loops):
    logs = build.path('races', f'{name}-{loops}')
    shutil.rmtree(logs, ignore_errors=True)
    os.makedirs(logs)
    environment = {'BARNABAS_PROGRAM': build.path('cmd', 'barnabas'), 'BARNABAS_OVERRIDES': f'barnabas.event.loops={loops}',
                   'TSAN_OPTIONS': f'log_path={logs}/race:second_deadlock_stack=1:history_size=4'}
    code, output = run([PYTHON, os.path.join(ROOT, 'tests', 'clients', name)], ROOT, environment)
    races = []
    for path in sorted(glob.glob(os.path.join(logs, '*'))):
        with open(path, encoding='utf-8', errors='replace') as file:
            races += races_in(file.read())
    check = f'{name[:-len("_checks.py")]}.{loops}_loops'
    if races:
        report.failed(check, f'{len(races)} races, the first: {one_line(races[0])} -- all in {os.path.relpath(logs, ROOT)}')
    elif code != 0:
        report.failed(check, f'no race, but status {code}: {" / ".join(re.findall("^FAIL.*", output, re.MULTILINE))}')
    else:
        report.passed(check)
        return True
    return False


def run_runtime_test(build):
    """Schedulers, timers and streams by themselves."""
    code, output = run([build.path('tests', 'unit', 'runtime', 'runtime_test')], ROOT,
                       {'TSAN_OPTIONS': 'second_deadlock_stack=1:exitcode=66'})
    races = races_in(output)
    if code == 0:
        report.passed('runtime_test')
        return True
    report.failed('runtime_test', f'{len(races)} races, status {code}: {one_line(races[0] if races else output)}')
    return False


def stress_home_loops(why):
    """What is left without an instrumented CAF."""
    report.skipped('sanitizer', f'CAF cannot be rebuilt under it: {why}')
    program = os.path.join(BUILD, 'tests', 'unit', 'runtime', 'runtime_test')
    code, output = run([program, '--gtest_filter=*home_loop*', f'--gtest_repeat={HOME_LOOP_ROUNDS}',
                        '--gtest_break_on_failure'])
    if code == 0:
        report.passed('home_loops')
    else:
        report.failed('home_loops', output)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    problem = make_caf()
    if problem is not None:
        stress_home_loops(problem)
        return report.code()
    build = Build('build-tsan', ['-Db_sanitize=thread', '-Db_lundef=false', '-Doptimization=1', f'-Dcaf_libdir={CAF}',
                                 f'-Dcpp_args={WITHOUT_FENCES}'])
    problem = build.make('cmd/barnabas', 'tests/unit/runtime/runtime_test')
    if problem is not None:
        report.failed('build', problem)
        return report.code()
    progress = Progress(build.folder, 'threads')
    if progress.get('runtime_test'):
        report.passed('runtime_test (before it was stopped)')
    elif run_runtime_test(build):
        progress.put('runtime_test')
    for loops in LOOPS:
        for name in CLIENT_CHECKS:
            step = f'{name}-{loops}'
            if progress.get(step):
                report.passed(f'{step} (before it was stopped)')
            elif run_checks(build, name, loops):
                progress.put(step)
    if report.good:
        progress.finish()
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
