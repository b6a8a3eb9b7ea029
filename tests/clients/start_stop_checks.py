"""What a person meets who starts, stops and misconfigures the broker."""

import contextlib
import ctypes
import errno
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from broker import PROGRAM, Broker, answers, free_port, run
from checks import Skip, check, expect, expect_equal, main, until
from mounts import tmpfs

WITH_IO_URING = 'synced by io_uring'
WITHOUT_IO_URING = 'synced by disk threads: the system refuses io_uring'


@contextlib.contextmanager
def place():
    """An empty directory to run in."""
    path = tempfile.mkdtemp(prefix='barnabas-test-')
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def overrides(port=None, http_port=None, **more):
    values = {'listeners': f'PLAINTEXT://127.0.0.1:{port or free_port()}',
              'barnabas.http.listener': f'127.0.0.1:{http_port or free_port()}',
              **{key.replace('_', '.'): value for key, value in more.items()}}
    return [word for key, value in values.items() for word in ('--override', f'{key}={value}')]


@contextlib.contextmanager
def running(arguments, cwd, port):
    """A broker started by hand; yields the process and the path of what it printed."""
    log = os.path.join(cwd, 'printed')
    with open(log, 'wb') as out:
        process = subprocess.Popen([PROGRAM, *arguments], cwd=cwd, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or answers(port), 'the broker listens', 30)
        expect(process.poll() is None, f'the broker ended with {process.returncode}: {text_of(log)}')
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def text_of(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def refused(arguments, cwd, preexec=None):
    """Runs a start that must fail; returns what it said."""
    done = subprocess.run([PROGRAM, *arguments], cwd=cwd, capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, preexec_fn=preexec)
    said = (done.stdout + done.stderr).decode(errors='replace')
    expect(done.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV), f'exit code {done.returncode}: {said[-400:]}')
    return said


def expect_said(said, *parts):
    for part in parts:
        expect(re.search(part, said, re.IGNORECASE), f'nothing like "{part}" in: {said.strip()[-500:]}')


def expect_one_line(said):
    lines = [line for line in said.splitlines() if re.search(r'error|cannot|refused|in use', line, re.IGNORECASE)]
    expect(len(lines) == 1, f'{len(lines)} lines tell of the problem instead of one: {said.strip()[-500:]}')


@check
def starts_without_any_configuration():
    with place() as cwd:
        port = free_port()
        with running(['start', *overrides(port)], cwd, port) as (process, log):
            expect(os.path.isfile(os.path.join(cwd, 'barnabas-data', 'meta.properties')), 'no ./barnabas-data was made')
            until(lambda: '\n' in text_of(log), 'a line says that the broker serves')
            said = re.fullmatch(rf'barnabas \S+ listens on 127\.0\.0\.1:{port}, keeps its data in {re.escape(cwd)}/barnabas-data '
                                rf'\((synced by .*)\); stop it with Ctrl-C or kill {process.pid}\n', text_of(log))
            expect(said, f'it says: {text_of(log)}')
            expect(said.group(1) in (WITH_IO_URING, WITHOUT_IO_URING), f'how the data gets onto the disk: {said.group(1)}')
            process.send_signal(signal.SIGTERM)
            expect_equal(process.wait(30), 0, 'exit code')


def refuse_io_uring():
    """As the seccomp filters of container runtimes: io_uring_setup is not permitted."""
    allow, refuse = 0x7fff0000, 0x00050000 | errno.EPERM
    load_number, jump_if_equal, answer, io_uring_setup = 0x20, 0x15, 0x06, 425
    steps = [(load_number, 0, 0, 0), (jump_if_equal, 0, 1, io_uring_setup), (answer, 0, 0, refuse), (answer, 0, 0, allow)]
    code = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack('@HP', len(steps), ctypes.addressof(code)))
    no_new_privileges, set_seccomp, by_filter = 38, 22, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or libc.prctl(set_seccomp, by_filter, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl')


@check
def a_broker_without_io_uring_says_so_and_serves():
    try:
        with Broker(preexec=refuse_io_uring) as broker:
            expect(WITHOUT_IO_URING in broker.wait_for_line(' listens on '), f'it says: {broker.last_lines()}')
            expect('barnabas_disk_syncs_by_io_uring 0\n' in broker.http('/metrics')[1], '/metrics says something else')
            run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'orders', '-X', 'acks=all'], data=b'one\n')
            expect_equal(run([PROGRAM, 'consume', '-b', broker.bootstrap, 'orders', '-e']).stdout, b'one\n', 'records')
            expect_equal(broker.stop(), 0, 'exit code')
    except subprocess.SubprocessError as failure:
        raise Skip(f'no filter of system calls can be set: {failure}') from None


@check
def what_is_said_of_io_uring_is_what_metrics_say():
    with Broker() as broker:
        ring = 'barnabas_disk_syncs_by_io_uring 1\n' in broker.http('/metrics')[1]
        expect((WITH_IO_URING if ring else WITHOUT_IO_URING) in broker.wait_for_line(' listens on '), broker.last_lines())


@check
def ctrl_c_stops_as_sigterm_does():
    with Broker() as broker:
        broker.process.send_signal(signal.SIGINT)
        expect_equal(broker.wait(), 0, 'exit code')


@check
def a_terminal_that_goes_away_stops_as_sigterm_does():
    # Whoever runs this may ignore it, and hands that down.
    with Broker(preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) as broker:
        broker.process.send_signal(signal.SIGHUP)
        expect_equal(broker.wait(), 0, 'exit code')
        expect('SIGHUP' in broker.stderr(), broker.last_lines())
    # What nohup does before it becomes the program.
    with Broker(preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as broker:
        broker.process.send_signal(signal.SIGHUP)
        broker.process.send_signal(signal.SIGTERM)
        expect_equal(broker.wait(), 0, 'exit code')
        expect('SIGTERM' in broker.stderr() and 'SIGHUP' not in broker.stderr(), broker.last_lines())


@check
def takes_a_configuration_file():
    with place() as cwd:
        port, http_port = free_port(), free_port()
        with open(os.path.join(cwd, 'server.properties'), 'w', encoding='utf-8') as file:
            file.write('# A comment\nprocess.roles=broker,controller\nnode.id = 7\n'
                       f'listeners=PLAINTEXT://127.0.0.1:{port}\nbarnabas.http.listener=127.0.0.1:{http_port}\n'
                       'log.dirs=\\\n  here\nnum.partitions=4\n')
        with running(['start', '--config', 'server.properties'], cwd, port):
            expect_said(text_of(os.path.join(cwd, 'here', 'meta.properties')), r'node\.id=7')


@check
def the_configuration_may_be_a_pipe():
    with place() as cwd:
        piped = f'exec {PROGRAM} start --config <(echo num.partitions=many)'
        said = subprocess.run(['bash', '-c', piped], cwd=cwd, capture_output=True, timeout=60, check=False)
        expect_said((said.stdout + said.stderr).decode(), r'/dev/fd/\d+:1', 'num.partitions', 'many')
        expect_said(refused(['start', '--config', '.'], cwd), 'the configuration file .* cannot be read: is a directory')


@check
def an_invalid_value_is_named_with_file_and_line():
    with place() as cwd:
        for line, wanted in (('num.partitions=many', ['num.partitions', 'many']),
                             ('log.cleanup.policy=shred', ['log.cleanup.policy', 'shred', 'compact', 'delete']),
                             ('listeners=127.0.0.1', ['listeners', '://']),
                             ('auto.create.topics.enable=perhaps', ['auto.create.topics.enable', 'true', 'false'])):
            with open(os.path.join(cwd, 'wrong.properties'), 'w', encoding='utf-8') as file:
                file.write(f'# first line\n\n{line}\n')
            said = refused(['start', '--config', 'wrong.properties'], cwd)
            expect_said(said, r'wrong\.properties:3', *map(re.escape, wanted))


@check
def an_invalid_override_and_a_missing_file_are_named():
    with place() as cwd:
        expect_said(refused(['start', '--override', 'num.partitions=0'], cwd), 'override', 'num.partitions', 'at least 1|1')
        expect_said(refused(['start', '--config', 'absent.properties'], cwd), r'absent\.properties')
        expect_said(refused(['start', '--overide', 'a=b'], cwd), '--override')
        expect_said(refused(['strat'], cwd), 'start')


@check
def an_unknown_key_warns_with_the_closest_one():
    with Broker({'num.partition': '3'}) as broker:
        line = broker.wait_for_line('num.partition')
        expect('num.partitions' in line, f'the warning names no known key: {line}')


@check
def a_foreign_directory_is_refused():
    with place() as cwd:
        os.mkdir(os.path.join(cwd, 'photos'))
        with open(os.path.join(cwd, 'photos', 'holiday.jpg'), 'w', encoding='utf-8') as file:
            file.write('not a log')
        said = refused(['start', *overrides(log_dirs='photos')], cwd)
        expect_said(said, 'photos', r'holiday\.jpg|not empty')
        expect_equal(os.listdir(os.path.join(cwd, 'photos')), ['holiday.jpg'], 'files there afterwards')


@check
def a_directory_of_another_node_is_refused_with_both_ids():
    with Broker({'node.id': '3'}) as broker:
        expect_equal(broker.stop(), 0, 'exit code')
        said = refused(['start', *overrides(log_dirs=broker.data_dir, node_id='5')], broker.home)
        expect_said(said, r'\b3\b', r'\b5\b', r'node\.id')
        broker.restart()


@check
def a_second_broker_on_one_directory_is_refused():
    with Broker() as broker:
        said = refused(['start', *overrides(log_dirs=broker.data_dir)], broker.home)
        expect_said(said, 'another broker', re.escape(broker.data_dir))
        expect(broker.is_running() and answers(broker.port), 'the first broker was disturbed')


@check
def a_port_in_use_is_one_clear_line():
    with place() as cwd, socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(['start', *overrides(port)], cwd)
        expect_said(said, str(port), 'in use')
        expect_one_line(said)
        # The directory was formatted and let go in good order: the next start works, and has nothing to recover.
        other = free_port()
        with running(['start', *overrides(other), '--override', 'barnabas.log.level=info'], cwd, other) as (_, log):
            expect('data_directory_not_closed' not in text_of(log), text_of(log))


@check
def a_directory_without_the_right_to_write_is_refused():
    with place() as cwd:
        os.mkdir(os.path.join(cwd, 'data'))
        os.chmod(cwd, 0o755)
        os.chmod(os.path.join(cwd, 'data'), 0o555)
        demote = None
        if os.getuid() == 0:
            nobody = pwd.getpwnam('nobody')
            demote = lambda: (os.setgroups([]), os.setgid(nobody.pw_gid), os.setuid(nobody.pw_uid))  # noqa: E731
            if not can_run_as_nobody(demote):
                raise Skip('user nobody cannot run the program where it lies, and root may write everywhere')
        said = refused(['start', *overrides(log_dirs=os.path.join(cwd, 'data'))], cwd, demote)
        expect_said(said, re.escape(os.path.join(cwd, 'data')), 'write|permission|right')


def can_run_as_nobody(demote):
    try:
        return subprocess.run([PROGRAM, '--help'], preexec_fn=demote, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@check
def a_read_only_disk_is_refused():
    with place() as cwd, tmpfs(os.path.join(cwd, 'disk'), 16) as disk:
        disk.remount('ro')
        said = refused(['start', *overrides(log_dirs=os.path.join(disk.path, 'data'))], cwd)
        expect_said(said, 'read-only', re.escape(disk.path))


@check
def a_full_disk_at_start_is_refused():
    with place() as cwd, tmpfs(os.path.join(cwd, 'disk'), 1) as disk:
        with contextlib.suppress(OSError), open(os.path.join(disk.path, 'ballast'), 'wb', buffering=0) as ballast:
            while ballast.write(bytes(4096)):
                pass
        os.mkdir(os.path.join(disk.path, 'data'))
        said = refused(['start', *overrides(log_dirs=os.path.join(disk.path, 'data'))], cwd)
        expect_said(said, 'full|space', re.escape(disk.path))


@check
def an_advertised_host_that_clients_cannot_use_is_warned_of():
    with Broker({'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092'}) as broker:
        line = broker.wait_for_line('0.0.0.0:9092')
        expect('advertised.listeners' in line, f'the warning does not say what to set: {line}')


@check
def clients_are_told_the_advertised_address():
    with Broker({'advertised.listeners': 'PLAINTEXT://no-such-host.invalid:9092'}) as broker:
        seen = run(['kcat', '-b', broker.bootstrap, '-L'], good=False).stdout.decode()
        expect('no-such-host.invalid:9092' in seen, f'clients are told: {seen[:200]}')


@check
def pages_answer():
    with Broker() as broker:
        for path in ('/live', '/ready'):
            expect_equal(broker.http(path)[0], 200, f'status of {path}')
        status, text = broker.http('/metrics')
        expect_equal(status, 200, 'status of /metrics')
        for line in text.splitlines():
            expect(re.fullmatch(r'#.*|[a-zA-Z_:][\w:]*(\{.*\})? [-+0-9.eInfNa]+', line), f'a line of /metrics: {line}')
        expect_said(text, 'connections')
        expect_equal(broker.http('/absent')[0], 404, 'status of an absent page')


@check
def every_command_explains_itself():
    overview = run([PROGRAM, '--help']).stdout.decode()
    expect_said(overview, r'\bstart\b', r'\bsim run\b|\bsim\b')
    commands = re.findall(r'^ {2,4}(?:barnabas )?([a-z][a-z-]*(?: [a-z][a-z-]*)?) {2,}\S', overview, re.MULTILINE)
    expect('start' in commands, f'no list of commands in: {overview[:400]}')
    for command in commands:
        text = run([PROGRAM, *command.split(), '--help']).stdout.decode()
        expect_said(text, r'usage', re.escape(command))
    expect_said(run([PROGRAM, 'start', '--help']).stdout.decode(), '--config', '--override')


@check
def a_directory_formatted_once_keeps_its_identity():
    with Broker() as broker:
        path = os.path.join(broker.data_dir, 'meta.properties')
        before = text_of(path)
        expect_said(before, r'cluster\.id=.+', r'node\.id=1', r'version=1')
        broker.kill()
        broker.restart()
        expect_equal(text_of(path), before, 'meta.properties')


if __name__ == '__main__':
    main('start_stop')
