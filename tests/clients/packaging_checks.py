"""The broker as a service manager, a container and Kubernetes run it (cmd/packaging)."""

import configparser
import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request

from broker import PROGRAM, ROOT, answers, free_port
from checks import Skip, check, expect, expect_equal, main, until

PACKAGING = os.path.join(ROOT, 'cmd', 'packaging')


@contextlib.contextmanager
def place():
    path = tempfile.mkdtemp(prefix='barnabas-test-')
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(command, port, cwd, variables=None):
    """A broker with just these variables; yields the process and the path of what it wrote on standard error."""
    errors = os.path.join(cwd, 'errors')
    with open(errors, 'wb') as out:
        process = subprocess.Popen(command, cwd=cwd, env=variables or {}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=out)
    try:
        until(lambda: process.poll() is not None or answers(port), 'the broker listens', 30)
        expect(process.poll() is None, f'the broker ended with {process.returncode}: {text_of(errors)[-500:]}')
        yield process, errors
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def text_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def stop(process):
    process.send_signal(signal.SIGTERM)
    expect_equal(process.wait(30), 0, 'exit code')


def unit():
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read(os.path.join(PACKAGING, 'barnabas.service'))
    return parsed


@check
def systemd_finds_nothing_wrong_with_the_unit():
    if not shutil.which('systemd-analyze'):
        raise Skip('there is no systemd-analyze')
    with place() as cwd:
        copy = os.path.join(cwd, 'barnabas.service')
        with open(copy, 'w', encoding='utf-8') as file:
            file.write(text_of(os.path.join(PACKAGING, 'barnabas.service')).replace('/usr/bin/barnabas', PROGRAM))
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', copy], capture_output=True, text=True, check=False)
        expect_equal([line for line in done.stderr.splitlines() if 'barnabas' in line], [], 'complaints')


@check
def a_service_manager_hears_of_start_and_stop():
    with place() as cwd, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = os.path.join(cwd, 'notify')
        manager.bind(address)
        manager.settimeout(10)
        words = shlex.split(unit()['Service']['ExecStart'])
        expect_equal(unit()['Service']['Type'], 'notify', 'Type of the unit')
        settings = os.path.join(cwd, 'server.properties')
        port = free_port()
        with open(settings, 'w', encoding='utf-8') as file:
            file.write(f'listeners=PLAINTEXT://127.0.0.1:{port}\nbarnabas.http.listener=127.0.0.1:{free_port()}\n')
        words = [PROGRAM, *words[1:]]
        words[words.index('--config') + 1] = settings
        words[words.index('--override') + 1] = f'log.dirs={cwd}/data'
        with running(words, port, cwd, {'NOTIFY_SOCKET': address}) as (process, _):
            heard = [manager.recv(4096).decode()]
            while not heard[-1].startswith('READY=1\n'):
                expect('EXTEND_TIMEOUT_USEC=' in heard[-1], f'neither ready nor busy: {heard[-1]}')
                heard.append(manager.recv(4096).decode())
            expect(f'STATUS=listens on 127.0.0.1:{port}' in heard[-1], f'the status is: {heard[-1]}')
            stop(process)
            expect(manager.recv(4096).startswith(b'STOPPING=1\n'), 'the first word behind the signal is not STOPPING=1')


@check
def a_service_manager_that_has_gone_stops_nobody():
    with place() as cwd:
        port = free_port()
        command = [PROGRAM, 'start', '--override', f'listeners=PLAINTEXT://127.0.0.1:{port}',
                   '--override', f'barnabas.http.listener=127.0.0.1:{free_port()}']
        with running(command, port, cwd, {'NOTIFY_SOCKET': os.path.join(cwd, 'nobody')}) as (process, _):
            stop(process)


@check
def takes_the_variables_of_kafkas_images():
    # What Kafka's documentation gives for its own image, with ports and directory of this test.
    with place() as cwd:
        port = free_port()
        variables = {
            'KAFKA_NODE_ID': '1', 'KAFKA_PROCESS_ROLES': 'broker,controller',
            'KAFKA_LISTENERS': f'PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{free_port()}',
            'KAFKA_ADVERTISED_LISTENERS': f'PLAINTEXT://localhost:{port}', 'KAFKA_CONTROLLER_LISTENER_NAMES': 'CONTROLLER',
            'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
            'KAFKA_CONTROLLER_QUORUM_VOTERS': '1@localhost:9093', 'KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR': '1',
            'KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR': '1', 'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR': '1',
            'KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS': '0', 'KAFKA_NUM_PARTITIONS': '3', 'KAFKA_HEAP_OPTS': '-Xmx1G',
            'KAFKA_LOG_DIRS': f'{cwd}/data', 'BARNABAS_HTTP_LISTENER': f'127.0.0.1:{free_port()}',
        }
        with running([PROGRAM, 'start', '--environment'], port, cwd, variables) as (process, errors):
            expect(os.path.isfile(os.path.join(cwd, 'data', 'meta.properties')), 'the data is not in KAFKA_LOG_DIRS')
            expect('HEAP_OPTS' not in text_of(errors).upper(), f'it speaks of what is for Java: {text_of(errors)[:300]}')
            stop(process)


@check
def a_wrong_variable_is_named():
    with place() as cwd:
        done = subprocess.run([PROGRAM, 'start', '--environment'], cwd=cwd, env={'KAFKA_NUM_PARTITIONS': 'many'},
                              capture_output=True, text=True, timeout=60, check=False)
        expect_equal(done.returncode, 1, 'exit code')
        expect('KAFKA_NUM_PARTITIONS' in done.stderr, f'it says: {done.stderr.strip()}')


def entrypoint(variables, *arguments):
    """What the container's entrypoint starts, and with which variables."""
    with place() as cwd:
        stand_in = os.path.join(cwd, 'barnabas')
        with open(stand_in, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\necho "$@"\nenv | grep -E "^(KAFKA|BARNABAS)_"\n')
        os.chmod(stand_in, 0o755)
        done = subprocess.run([os.path.join(PACKAGING, 'entrypoint'), *arguments], capture_output=True, text=True, check=True,
                              env={**variables, 'PATH': f'{cwd}:/usr/bin:/bin'})
    words, *rest = done.stdout.splitlines()
    return words, dict(line.split('=', 1) for line in rest)


@check
def a_container_without_variables_serves_localhost():
    words, variables = entrypoint({}, '--override', 'num.partitions=2')
    expect_equal(words, 'start --environment --override num.partitions=2', 'command')
    expect_equal(variables, {'KAFKA_LISTENERS': 'PLAINTEXT://0.0.0.0:9092', 'KAFKA_ADVERTISED_LISTENERS': 'PLAINTEXT://localhost:9092',
                             'KAFKA_LOG_DIRS': '/var/lib/kafka/data', 'BARNABAS_HTTP_LISTENER': '0.0.0.0:9644'}, 'variables')


@check
def a_containers_own_variables_win():
    given = {'KAFKA_ADVERTISED_LISTENERS': 'PLAINTEXT://b:9092', 'KAFKA_LOG_DIRS': '/d', 'BARNABAS_HTTP_LISTENER': ''}
    _, variables = entrypoint(given)
    expect_equal(variables, {**given, 'BARNABAS_HTTP_LISTENER': '0.0.0.0:9644'}, 'variables')


@check
def the_manifest_for_kubernetes_starts_a_broker_that_its_probes_find():
    try:
        import yaml
    except ImportError:
        raise Skip('there is no python3-yaml') from None
    with open(os.path.join(PACKAGING, 'kubernetes.yaml'), encoding='utf-8') as file:
        service, stateful = yaml.safe_load_all(file)
    expect_equal(service['metadata']['name'], stateful['spec']['serviceName'], 'name of the service')
    container = stateful['spec']['template']['spec']['containers'][0]
    with place() as cwd:
        port, http = free_port(), free_port()
        variables = {one['name']: one.get('value', '') for one in container['env']}
        pod = f'{stateful["metadata"]["name"]}-0'
        expect_equal(variables['KAFKA_ADVERTISED_LISTENERS'].replace('$(POD_NAME)', pod),
                     f'PLAINTEXT://{pod}.{service["metadata"]["name"]}:9092', 'what clients are told')
        variables.update(KAFKA_ADVERTISED_LISTENERS=f'PLAINTEXT://localhost:{port}', KAFKA_LOG_DIRS=f'{cwd}/data',
                         BARNABAS_HTTP_LISTENER=f'127.0.0.1:{http}')
        variables.pop('POD_NAME')
        with running([PROGRAM, 'start', '--environment'], port, cwd, variables) as (process, errors):
            for probe in ('startupProbe', 'readinessProbe', 'livenessProbe'):
                with urllib.request.urlopen(f'http://127.0.0.1:{http}{container[probe]["httpGet"]["path"]}', timeout=5) as page:
                    expect_equal(page.status, 200, probe)
            stop(process)
            lines = [json.loads(line) for line in text_of(errors).splitlines()]
        expect(any(line['event'] == 'disk_chosen' for line in lines), f'events are {sorted({line["event"] for line in lines})}')


if __name__ == '__main__':
    main('packaging')
