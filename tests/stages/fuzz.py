"""Fuzz targets. Without arguments the ordinary build replays their corpora and some thousand changed inputs; --deep builds them with clang's
libFuzzer under the sanitizers and gives each some processor time (--cpu-minutes M, several targets at once). Stopped,
it goes on where it was; so it does on a later commit, for targets whose program is still the same.

What is found stands in build-fuzz/found/; the corpora grow in build-fuzz/corpus/ from run to run.
"""

import argparse
import concurrent.futures
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from deep import ROOT, Build, Progress, Report, install  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(ROOT, 'build'))
CORPUS = os.path.join(ROOT, 'fuzz', 'corpus')
CANARY = 'canary'
CANARY_WORD = b'bird'
CANARY_SECONDS = 60
REPLAY_SECONDS = 120
# Of each target, in the ordinary build; the same ones in every run.
CHANGED_INPUTS = 3000
# One input: far longer than any should take, so that an endless loop is found.
INPUT_SECONDS = 25
INPUT_BYTES_MAX = 4096
MEMORY_MB = 2048
CPU_MINUTES = 0.8
# What is left of a share may be too little for another start.
SHORTEST_SECONDS = 3
# Stopped, at most this much is done again.
LONGEST_RUN_SECONDS = 600
# Of timeout(1).
TIMED_OUT = 124

report = Report('fuzz')


def targets():
    found = glob.glob(os.path.join(ROOT, 'fuzz', '*_fuzz.cpp'))
    return sorted(os.path.basename(path)[:-len('_fuzz.cpp')] for path in found)


def run(command, seconds):
    environment = {**os.environ, 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace', timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b'').decode(errors='replace')
    return done.returncode, done.stdout


def replay_all():
    for name in targets():
        program, corpus = os.path.join(BUILD, 'fuzz', f'{name}_fuzz'), os.path.join(CORPUS, name)
        if not os.path.isdir(corpus):
            report.failed(name, f'has no corpus at fuzz/corpus/{name}')
            continue
        code, output = run([program, corpus, '--changed', str(CHANGED_INPUTS)], REPLAY_SECONDS)
        if code == 0:
            report.passed(name)
        else:
            report.failed(name, f'ended with {"no end" if code is None else code} (the input: {program} {corpus} --changed '
                                f'{CHANGED_INPUTS}): {output}')
    code, output = run([os.path.join(BUILD, 'fuzz', 'reach'), CORPUS], REPLAY_SECONDS)
    if code == 0:
        report.passed('reach')
    else:
        report.failed('reach', f'what the corpora never decode is never fuzzed (see "A new target" in fuzz/README.md): {output}')
    with tempfile.NamedTemporaryFile() as file:
        file.write(CANARY_WORD)
        file.flush()
        code, output = run([os.path.join(BUILD, 'fuzz', f'{CANARY}_fuzz'), file.name], REPLAY_SECONDS)
    if code not in (0, None) and 'the canary sings' in output:
        report.passed('canary_is_heard')
    else:
        report.failed('canary_is_heard', f'the planted crash ended with {code}: {output}')


def run_counted(command, seconds):
    """Exit status, output, and the processor time that it took."""
    environment = {**os.environ, 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(['timeout', str(seconds), *command], cwd=ROOT, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors='replace')
    # Reading a large corpus may take longer than the time that was given; what hangs is found by -timeout.
    code = 0 if process.returncode == TIMED_OUT else process.returncode
    return code, text, usage.ru_utime + usage.ru_stime


def fuzz(build, name, seconds):
    """Exit status and output of libFuzzer, the inputs that it found bad, and the processor time it took."""
    grown, found = build.path('corpus', name), build.path('found', name)
    for folder in (grown, found):
        os.makedirs(folder, exist_ok=True)
    code, output, took = run_counted([build.path('fuzz', f'{name}_fuzz'), grown, os.path.join(CORPUS, name),
                                      f'-max_total_time={seconds}', f'-artifact_prefix={found}/',
                                      f'-timeout={INPUT_SECONDS}', f'-max_len={INPUT_BYTES_MAX}',
                                      f'-rss_limit_mb={MEMORY_MB}', '-print_final_stats=1', '-use_value_profile=1'],
                                     seconds + 4 * INPUT_SECONDS)
    return code, output, sorted(glob.glob(os.path.join(found, '*'))), took


def figures(output):
    def figure(pattern):
        seen = re.findall(pattern, output)
        return seen[-1] if seen else '?'
    return (f'{figure(r"stat::number_of_executed_units: *([0-9]+)")} inputs, '
            f'{figure(r"cov: ([0-9]+)")} edges, corpus of {figure(r"corp: ([0-9]+)")}')


def check_canary(build):
    for folder in ('corpus', 'found'):
        shutil.rmtree(build.path(folder, CANARY), ignore_errors=True)
    code, output, found, _ = fuzz(build, CANARY, CANARY_SECONDS)
    if code not in (0, None) and found and 'the canary sings' in output:
        report.passed('canary_is_found')
        return True
    report.failed('canary_is_found', f'the planted crash was not found in {CANARY_SECONDS} s, so the rest means '
                                     f'nothing (status {code}): {output[-600:]}')
    return False


def program_of(build, name):
    """Names the code under test: time that was spent on the same program counts, whatever else was changed."""
    with open(build.path('fuzz', f'{name}_fuzz'), 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def fuzz_target(build, name, seconds, progress):
    """Fuzzes until `seconds` of processor time are spent on this target, those of runs before included."""
    shutil.rmtree(build.path('found', name), ignore_errors=True)
    key = f'{name} {program_of(build, name)}'
    code, output, found, spent = 0, '', [], progress.get(key, 0)
    while code == 0 and not found and seconds - spent >= SHORTEST_SECONDS:
        code, output, found, took = fuzz(build, name, int(min(seconds - spent, LONGEST_RUN_SECONDS)))
        spent += took
        if code == 0 and not found:
            progress.put(key, spent)
    if code == 0 and not found:
        print(f'     {name}: {figures(output)}, {spent / 60:.1f} minutes of processor time', flush=True)
        report.passed(name)
        return
    what = re.findall(r'^(?:==\d+==\s?)?(?:SUMMARY|ERROR|.*runtime error|not as required|.*broken invariant).*', output,
                      re.MULTILINE)
    place = os.path.relpath(found[0], ROOT) if found else 'nowhere'
    report.failed(name, f'{"; ".join(what[:3]) or output[-600:]} -- the input is {place}; replay it with '
                        f'build-fuzz/fuzz/{name}_fuzz {place}, and keep it in fuzz/corpus/{name}/ when it is mended')


def fuzz_all(seconds, chosen):
    problem = install('fuzz')
    if problem is not None:
        report.skipped('deep', f'clang cannot be installed: {problem}')
        return
    build = Build('build-fuzz', ['-Dfuzz=true', '-Db_sanitize=address,undefined', '-Db_lundef=false', '-Db_pch=false',
                                 '-Dwerror=false', '-Dwarning_level=0', '-Doptimization=1'],
                  {'CXX': 'ccache clang++-14'})
    problem = build.make(*[f'fuzz/{name}_fuzz' for name in [CANARY, *chosen]] if chosen else ['fuzzers'])
    if problem is not None:
        report.failed('build', problem)
        return
    if not check_canary(build):
        return
    names = [name for name in chosen or targets() if name != CANARY]
    progress = Progress(build.folder, 'fuzz', 'of each program')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done in [pool.submit(fuzz_target, build, name, seconds, progress) for name in names]:
            done.result()
    if report.good and not chosen:
        progress.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--deep', action='store_true')
    parser.add_argument('--cpu-minutes', type=float, default=CPU_MINUTES, help='of processor time, for each target')
    parser.add_argument('targets', nargs='*', help='all, if none is named')
    given = parser.parse_args()
    if given.deep:
        fuzz_all(60 * given.cpu_minutes, given.targets)
    else:
        replay_all()
    return report.code()


if __name__ == '__main__':
    sys.exit(main())
