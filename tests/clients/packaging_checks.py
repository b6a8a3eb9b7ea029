"""The broker as a service manager, a container and Kubernetes run it (cmd/packaging)."""

import configparser
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request

from broker import PROGRAM, ROOT, Broker, answers, free_port
from checks import Skip, check, expect, expect_equal, main, until

PACKAGING = os.path.join(ROOT, 'cmd', 'packaging')
ENTRYPOINT = os.path.join(PACKAGING, 'entrypoint')


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
            file.write(f'listeners=PLAINTEXT://127.0.0.1:{port}\nbarnabas.http.listener=127.0.0.1:{free_port()}\nlog.dirs={cwd}/data\n')
        words = [PROGRAM, *words[1:]]
        words[words.index('--config') + 1] = settings
        with running(words, port, cwd, {'NOTIFY_SOCKET': address}) as (process, _):
            heard = [manager.recv(4096).decode()]
            while not heard[-1].startswith('READY=1\n'):
                expect('EXTEND_TIMEOUT_USEC=' in heard[-1], f'neither ready nor busy: {heard[-1]}')
                heard.append(manager.recv(4096).decode())
            expect(f'STATUS=listens on 127.0.0.1:{port}' in heard[-1], f'the status is: {heard[-1]}')
            expect(os.path.isfile(os.path.join(cwd, 'data', 'meta.properties')), 'log.dirs of the file is not what counts')
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
def an_empty_directory_becomes_the_cluster_that_the_image_is_told():
    with place() as cwd:
        port = free_port()
        variables = {'KAFKA_LISTENERS': f'PLAINTEXT://127.0.0.1:{port}', 'KAFKA_LOG_DIRS': f'{cwd}/one,{cwd}/two',
                     'BARNABAS_HTTP_LISTENER': f'127.0.0.1:{free_port()}'}
        told, other = '5L6g3nShT-eMCtK--X86sw', '4L6g3nShT-eMCtK--X86sw'
        for cluster in (told, other):
            with running([PROGRAM, 'start', '--environment'], port, cwd, {**variables, 'CLUSTER_ID': cluster}) as (process, _):
                for name in ('one', 'two'):
                    expect(f'cluster.id={told}\n' in text_of(os.path.join(cwd, name, 'meta.properties')), f'{name}, told {cluster}')
                stop(process)
        done = subprocess.run([PROGRAM, 'start', '--environment'], cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
                              env={**variables, 'KAFKA_LOG_DIRS': f'{cwd}/three', 'CLUSTER_ID': 'mine'})
        expect((done.returncode, 'CLUSTER_ID=mine' in done.stderr) == (1, True), done.stderr)
        expect(not os.path.exists(os.path.join(cwd, 'three')), 'a directory was made all the same')


@check
def a_wrong_variable_is_named():
    with place() as cwd:
        done = subprocess.run([PROGRAM, 'start', '--environment'], cwd=cwd, env={'KAFKA_NUM_PARTITIONS': 'many'},
                              capture_output=True, text=True, timeout=60, check=False)
        expect_equal(done.returncode, 1, 'exit code')
        expect('KAFKA_NUM_PARTITIONS' in done.stderr, f'it says: {done.stderr.strip()}')


def entrypoint(variables, *arguments, script=ENTRYPOINT):
    """What the container's entrypoint starts, and with which variables."""
    with place() as cwd:
        stand_in = os.path.join(cwd, 'barnabas')
        with open(stand_in, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\necho "$@"\nenv | grep -E "^(KAFKA|BARNABAS)_"\n')
        os.chmod(stand_in, 0o755)
        done = subprocess.run([script, *arguments], capture_output=True, text=True, check=True,
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
def a_mounted_configuration_is_the_containers():
    with place() as cwd:
        mounted = os.path.join(cwd, 'server.properties')
        copy = os.path.join(cwd, 'entrypoint')
        with open(copy, 'w', encoding='utf-8') as file:
            file.write(text_of(ENTRYPOINT).replace('/mnt/shared/config/server.properties', mounted))
        os.chmod(copy, 0o755)
        expect(entrypoint({}, script=copy)[1], 'without the file there are defaults')
        with open(mounted, 'w', encoding='utf-8') as file:
            file.write('num.partitions=2\n')
        words, variables = entrypoint({'KAFKA_NUM_PARTITIONS': '3'}, '--override', 'a=b', script=copy)
        expect_equal(words, f'start --environment --config {mounted} --override a=b', 'command')
        expect_equal(variables, {'KAFKA_NUM_PARTITIONS': '3'}, 'variables')


def steps_of_containerfile():
    """(instruction, words) in order; continued lines are one."""
    text = text_of(os.path.join(PACKAGING, 'Containerfile')).replace('\\\n', ' ')
    lines = [line for line in text.splitlines() if line and not line.startswith('#')]
    return [(line.split()[0], line.split()[1:]) for line in lines]


def words_behind(steps, command):
    """The words that follow a command in a RUN, up to the next command."""
    words = [word for name, step in steps if name == 'RUN' for word in [*step, '&&']]
    expect(command in words, f'no {command} in {words}')
    begin = words.index(command) + 1
    return words[begin:words.index('&&', begin)]


@check
def the_containerfile_names_what_is_there():
    steps = steps_of_containerfile()
    expect_equal([words[0] for name, words in steps if name == 'FROM'], ['debian:12', 'debian:12-slim'], 'images')
    copied = {words[-1]: words[:-1] for name, words in steps if name == 'COPY'}
    for target, sources in copied.items():
        for source in sources:
            expect(source.startswith(('--from=build', '/out/')) or os.path.exists(os.path.join(ROOT, source)),
                   f'COPY {source} {target}: there is no such file')
    sections = re.findall(r'^\[(\w+)\]$', text_of(os.path.join(ROOT, 'cmd', 'packages.txt')), re.MULTILINE)
    for section in words_behind(steps, 'cmd/install'):
        expect(section in sections, f'cmd/packages.txt has no section {section}')
    rules = text_of(os.path.join(ROOT, 'build', 'build.ninja'))
    for target in words_behind(steps, 'cmd/build'):
        expect(re.search(rf'^build {re.escape(target)}: ', rules, re.MULTILINE), f'nothing builds {target}')
    (entry,) = [json.loads(' '.join(words)) for name, words in steps if name == 'ENTRYPOINT']
    expect_equal(copied[entry[0]], ['cmd/packaging/entrypoint'], 'what the image starts')
    expect(os.access(ENTRYPOINT, os.X_OK), 'the entrypoint is no program')
    expect('/usr/bin/barnabas' in copied, f'the program is not on the path: {copied}')
    # The directory of the entrypoint's defaults is made, belongs to the user, and is a volume.
    folder = entrypoint({})[1]['KAFKA_LOG_DIRS']
    expect_equal([words for name, words in steps if name == 'VOLUME'], [[folder]], 'volumes')
    expect_equal(words_behind(steps, '-d'), ['-o', 'barnabas', folder], 'the data directory')
    expect_equal([words for name, words in steps if name == 'USER'], [['barnabas']], 'user')
    ports = {name.rpartition(':')[2] for key, name in entrypoint({})[1].items() if 'LISTENER' in key}
    expect_equal([set(words) for name, words in steps if name == 'EXPOSE'], [ports], 'ports')
    (health,) = [json.loads(' '.join(words[words.index('CMD') + 1:])) for name, words in steps if name == 'HEALTHCHECK']
    expect_equal(copied[health[0]], ['cmd/packaging/healthcheck'], 'what asks for its health')


@check
def the_image_has_kafkas_names():
    (step,) = [' '.join(words) for name, words in steps_of_containerfile() if name == 'RUN' and '/out/names' in words]
    with place() as cwd:
        subprocess.run(['sh', '-ec', step.replace('/out', f'{cwd}/out')], check=True, cwd=ROOT, timeout=60)
        names = os.path.join(cwd, 'out', 'names')
        expect({'kafka-topics.sh', 'kafka-topics', 'kafka-console-producer.sh'} <= set(os.listdir(names)), os.listdir(names))
        os.symlink(PROGRAM, os.path.join(names, 'barnabas'))
        for name in os.listdir(names):
            expect(os.path.exists(os.path.join(names, name)), f'{name} leads nowhere')
        done = subprocess.run([os.path.join(names, 'kafka-topics.sh'), '--version'], capture_output=True, text=True, timeout=60, check=True)
        expect(done.stdout, done)


@check
def the_health_of_a_container_is_what_ready_says():
    script = os.path.join(PACKAGING, 'healthcheck')

    def healthy(listener):
        return subprocess.run([script], env={'PATH': os.environ['PATH'], 'BARNABAS_HTTP_LISTENER': listener}, timeout=60,
                              capture_output=True, check=False).returncode == 0

    broker = Broker().start()
    try:
        address = f'127.0.0.1:{broker.http_port}'
        expect(healthy(address), 'a broker that serves is healthy')
        broker.kill()
        expect(not healthy(address), 'one that is gone is not')
    finally:
        broker.discard()


@check
def the_program_runs_with_the_libraries_that_the_image_takes():
    (step,) = [' '.join(words) for name, words in steps_of_containerfile() if name == 'RUN' and 'ldd' in words]
    with place() as cwd:
        here = step.replace('/out', f'{cwd}/out').replace('build/cmd/barnabas', PROGRAM)
        subprocess.run(['sh', '-ec', here], check=True, capture_output=True, timeout=60)
        listed = subprocess.run(['ldd', PROGRAM], check=True, capture_output=True, text=True).stdout
        left_out = {name for name in re.findall(r'(\S+) => /', listed) if not os.path.exists(f'{cwd}/out/lib/{name}')}
        # Of the base image, or of libstdc++6 with what it depends on, which the image installs.
        expect_equal(left_out, {'libc.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libstdc++.so.6'}, 'libraries that are not copied')
        done = subprocess.run([f'{cwd}/out/barnabas', 'version'], env={'LD_LIBRARY_PATH': f'{cwd}/out/lib'}, check=True, timeout=60,
                              capture_output=True, text=True)
        expect(done.stdout.startswith('barnabas '), done.stdout)


def manifest():
    try:
        import yaml
    except ImportError:
        raise Skip('there is no python3-yaml') from None
    service, stateful = yaml.safe_load_all(text_of(os.path.join(PACKAGING, 'kubernetes.yaml')))
    return service, stateful, stateful['spec']['template']


@check
def the_manifest_for_kubernetes_fits_together_and_fits_the_image():
    service, stateful, pod = manifest()
    (container,) = pod['spec']['containers']
    ports = {one['name']: one['containerPort'] for one in container['ports']}
    expect_equal({one['name']: one['port'] for one in service['spec']['ports']}, ports, 'ports of the service')
    steps = steps_of_containerfile()
    expect_equal([sorted(map(int, words)) for name, words in steps if name == 'EXPOSE'], [sorted(ports.values())], 'ports of the image')
    expect_equal(int(pod['metadata']['annotations']['prometheus.io/port']), ports['http'], 'where Prometheus looks')
    labels = pod['metadata']['labels']
    expect_equal([service['spec']['selector'], stateful['spec']['selector']['matchLabels']], [labels, labels], 'selectors')
    for probe in ('startupProbe', 'readinessProbe', 'livenessProbe'):
        expect(container[probe]['httpGet']['port'] in ports, f'{probe} asks a port that has no name')
    expect_equal([one['metadata']['name'] for one in stateful['spec']['volumeClaimTemplates']],
                 [one['name'] for one in container['volumeMounts']], 'volumes')
    variables = {one['name']: one.get('value', '') for one in container['env']}
    mounted = container['volumeMounts'][0]['mountPath']
    expect_equal([mounted], [words[0] for name, words in steps if name == 'VOLUME'], 'where the volume is')
    expect(variables['KAFKA_LOG_DIRS'].startswith(mounted + '/'), 'the data is not on the volume, or is its lost+found')
    expect_equal(str(pod['spec']['securityContext']['runAsUser']),
                 words_behind(steps, 'useradd')[words_behind(steps, 'useradd').index('--uid') + 1], 'user')


@check
def the_manifest_for_kubernetes_starts_a_broker_that_its_probes_find():
    service, stateful, _ = manifest()
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
        # This test has clients told of localhost; keys that nobody knows would be warned of as well.
        expect_equal([line for line in lines if line['level'] != 'info' and 'localhost' not in line['message']], [], 'warnings')
        expect(any(line['event'] == 'disk_chosen' for line in lines), f'events are {sorted({line["event"] for line in lines})}')


if __name__ == '__main__':
    main('packaging')
