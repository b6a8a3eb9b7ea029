"""`barnabas doctor`: what it finds in a sound cluster, without a broker, and on disks that are not sound."""

import json
import os
import re
import resource
import subprocess
import tempfile

from broker import PROGRAM, Broker, free_port, run
from checks import check, expect, expect_equal, main
from tool_runs import Tool


def config_of(folder, broker=None, port=None, data=None):
    path = os.path.join(folder, 'server.properties')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'listeners=PLAINTEXT://127.0.0.1:{port or broker.port}\nlog.dirs={data or broker.data_dir}\n')
    return path


def doctor(*arguments):
    done = run([PROGRAM, 'doctor', *arguments], good=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def findings(text):
    return {line[8:].partition(': ')[0]: line[:8].strip() for line in text.splitlines()}


@check
def a_sound_broker_gets_good_marks():
    with Broker() as one, tempfile.TemporaryDirectory() as folder:
        Tool('topics', one.bootstrap).good('--create', '--topic', 'seen')
        config = config_of(folder, one)
        status, said, _ = doctor('--config', config)
        found = findings(said)
        expect_equal(status, 0, f'exit status ({said})')
        expect_equal((found['cluster'], found[f'broker 1 at 127.0.0.1:{one.port}'], found['internal topics']),
                     ('good', 'good', 'good'), said)
        expect(found[f'room in {one.data_dir}'] in ('good', 'warning') and f'sync of {one.data_dir}' in found, said)
        expect('open files' in found and 'clock' in found, said)
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'seen'], data=b'x\n')
        run(['kcat', '-b', one.bootstrap, '-G', 'g', '-c', '1', '-X', 'auto.offset.reset=earliest', 'seen'])
        checks = json.loads(doctor('--config', config, '--output', 'json')[1])['checks']
        expect({'name': 'topic __consumer_offsets', 'finding': 'good', 'detail': '50 partitions, replicas: 1'} in checks,
               f'{checks}')
        before = set(os.listdir(one.data_dir))
        doctor('--bootstrap-server', one.bootstrap, '--config', config)
        expect_equal(set(os.listdir(one.data_dir)), before, 'what lies in the data directory')


@check
def without_a_broker_that_is_said_with_what_to_do():
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(folder, port=free_port(), data=os.path.join(folder, 'none'))
        status, said, _ = doctor('--config', config, '--timeout', '1000')
    expect_equal((status, findings(said)['cluster']), (1, 'bad'), said)
    expect('start the broker, or name another with --bootstrap-server' in said, said)
    expect(re.search("^warning disk of .*/none: the directory does not exist yet", said, re.MULTILINE), said)


@check
def data_directories_that_no_broker_could_use_are_bad():
    with Broker() as one, tempfile.TemporaryDirectory() as folder:
        plain, closed = os.path.join(folder, 'plain'), os.path.join(folder, 'closed')
        with open(plain, 'w', encoding='utf-8') as file:
            file.write('a file')
        os.mkdir(closed, 0o555)

        def found(directory):
            status, said, _ = doctor('--config', config_of(folder, one, data=directory))
            return status, findings(said).get(f'disk of {directory}'), said

        for directory, why in ((plain, 'it is no directory'), (os.path.join(plain, 'below'), f'{plain} is no directory')):
            status, finding, said = found(directory)
            expect_equal((status, finding), (1, 'bad'), said)
            expect(why in said and 'the broker does not start' in said and 'give log.dirs another' in said, said)
            done = run([PROGRAM, 'start', '--config', config_of(folder, port=free_port(), data=directory)], good=False)
            expect(done.returncode != 0, f'a start with {directory}')
        if os.getuid() != 0:
            status, finding, said = found(os.path.join(closed, 'below'))
            expect_equal((status, finding), (1, 'bad'), said)
            expect(f'cannot be made in {closed}' in said, said)
        status, finding, said = found(os.path.join(folder, 'made', 'with', 'parents'))
        expect_equal((status, finding), (0, 'warning'), said)
        expect_equal(sorted(os.listdir(folder)), ['closed', 'plain', 'server.properties'], 'what doctor left')


@check
def what_becomes_of_a_broker_without_one_of_two_data_directories_is_told():
    with tempfile.TemporaryDirectory() as folder:
        good, plain = os.path.join(folder, 'good'), os.path.join(folder, 'plain')
        os.mkdir(good)
        with open(plain, 'w', encoding='utf-8') as file:
            file.write('a file')

        def said_of(directory, *directories):
            config = config_of(folder, port=free_port(), data=','.join(directories))
            said = doctor('--config', config, '--timeout', '1000')[1]
            expect_equal(findings(said).get(f'disk of {directory}'), 'bad', said)
            return re.search(f'disk of {directory}: (.*)', said)[1]

        for bad in (plain, os.path.join(plain, 'below')):
            expect('the broker serves without it' in said_of(bad, good, bad), f'{bad} as the second one')
            expect('the broker does not start, for the metadata log is there' in said_of(bad, bad, good), f'{bad} as the first one')
        with Broker({'log.dirs': f'{good},{plain}'}) as one:
            Tool('topics', one.bootstrap).good('--create', '--topic', 'served')
        first = config_of(folder, port=free_port(), data=f'{plain},{good}')
        expect(run([PROGRAM, 'start', '--config', first], good=False).returncode != 0, 'a start without the metadata log')


@check
def an_address_that_nobody_reaches_is_named():
    port = free_port()
    with Broker({'advertised.listeners': f'PLAINTEXT://127.0.0.1:{port}'}) as one, tempfile.TemporaryDirectory() as folder:
        status, said, _ = doctor('--config', config_of(folder, one), '--bootstrap-server', one.bootstrap, '--timeout', '2000')
    expect_equal((status, findings(said)[f'broker 1 at 127.0.0.1:{port}']), (1, 'bad'), said)
    expect('advertised.listeners' in said, said)


@check
def few_open_files_are_told():
    with Broker() as one, tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([PROGRAM, 'doctor', '--config', config_of(folder, one)], capture_output=True, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000)))
    said = done.stdout.decode()
    expect_equal((done.returncode, findings(said)['open files']), (1, 'bad'), said)
    expect('at most 1000' in said and 'LimitNOFILE' in said, said)


@check
def a_limit_below_the_size_of_a_segment_is_told():
    with Broker() as one, tempfile.TemporaryDirectory() as folder:
        def with_limit(limit):
            done = subprocess.run([PROGRAM, 'doctor', '--config', config_of(folder, one)], capture_output=True, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            return done.returncode, done.stdout.decode()
        status, said = with_limit(1_000_000)
        expect_equal((status, findings(said)['file size']), (1, 'bad'), said)
        expect('at most 1000000 bytes' in said and 'LimitFSIZE' in said, said)
        status, said = with_limit(1 << 31)
        expect_equal((status, findings(said)['file size']), (0, 'good'), said)


@check
def wrong_usage_ends_with_2():
    expect_equal(doctor('--output', 'yaml')[0], 2, 'a format')
    expect_equal(doctor('--timeout', 'x')[0], 2, 'a timeout')
    with tempfile.TemporaryDirectory() as folder:
        status, _, complaints = doctor('--config', os.path.join(folder, 'none'))
    expect(status == 1 and 'cannot be read' in complaints, complaints)


if __name__ == '__main__':
    main('doctor')
