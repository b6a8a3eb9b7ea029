"""Raw connections to a broker and record batches made by hand."""

import os
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'clients'))

from broker import Broker  # noqa: E402,F401
from checks import Failed, Skip, check, expect, expect_equal, main, until  # noqa: E402,F401
from messages import MESSAGES, framed, raw_request, read_response, request_bytes  # noqa: E402,F401

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, API_VERSIONS = 0, 1, 2, 3, 10, 18
CREATE_TOPICS, DELETE_TOPICS, INIT_PRODUCER_ID, DESCRIBE_CONFIGS, CREATE_PARTITIONS, DESCRIBE_CLUSTER = 19, 20, 22, 32, 37, 60
MEGABYTE = 1 << 20


class Closed(Exception):
    """The broker closed the connection."""


class Connection:
    def __init__(self, broker, seconds=20.0, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds)
        self.socket.connect(('127.0.0.1', broker.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_request(self, key, version, values=None):
        self.correlation += 1
        self.send(request_bytes(key, version, values, self.correlation))
        return self.correlation

    def take(self, count):
        data = bytearray()
        while len(data) < count:
            try:
                part = self.socket.recv(min(count - len(data), MEGABYTE))
            except (ConnectionResetError, BrokenPipeError):
                part = b''
            except socket.timeout:
                raise Failed('the broker neither answered nor closed the connection') from None
            if not part:
                raise Closed()
            data += part
        return bytes(data)

    def frame(self):
        size = struct.unpack('>i', self.take(4))[0]
        expect(0 < size <= 100 * MEGABYTE, f'the broker sent a frame of {size} bytes')
        return self.take(size)

    def answer(self, key, version, correlation=None):
        seen, values = read_response(key, version, self.frame())
        expect_equal(seen, self.correlation if correlation is None else correlation, 'correlation id')
        return values

    def ask(self, key, version, values=None):
        self.send_request(key, version, values)
        return self.answer(key, version)

    def expect_closed(self, what):
        """The broker closes and sends nothing before."""
        try:
            data = self.take(1)
        except Closed:
            return
        raise Failed(f'{what}: the broker answered with a byte {data!r} instead of closing the connection')


def crc32c_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82f63b78 if number & 1 else 0)
        table.append(number)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffffffff


def varint(value):
    value = value << 1 ^ value >> 63
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(value, delta=0, key=None):
    body = b'\0' + varint(0) + varint(delta)
    body += varint(-1) if key is None else varint(len(key)) + key
    body += varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(values, *, magic=2, count=None, crc_change=0, attributes=0, length_change=0, last_delta=None,
          producer=(-1, -1, -1), records=None):
    """A record batch v2; the arguments after `values` make it wrong."""
    stamp = int(time.time() * 1000)
    if records is None:
        records = b''.join(record(value, delta) for delta, value in enumerate(values))
    checked = struct.pack('>hiqqqhii', attributes, len(values) - 1 if last_delta is None else last_delta, stamp, stamp,
                          *producer, len(values) if count is None else count) + records
    crc = crc32c(checked) ^ crc_change
    return struct.pack('>qiibI', 0, len(checked) + 9 + length_change, -1, magic, crc) + checked


def produce_values(topic, records, acks=1, partition=0, timeout=10000):
    return {'acks': acks, 'timeoutMs': timeout,
            'topicData': [{'name': topic, 'partitionData': [{'index': partition, 'records': records}]}]}


def fetch_values(topic, offset=0, partition=0, wait=500, least=1, most=50 * MEGABYTE, partition_most=50 * MEGABYTE):
    return {'maxWaitMs': wait, 'minBytes': least, 'maxBytes': most,
            'topics': [{'topic': topic, 'partitions': [{'partition': partition, 'fetchOffset': offset,
                                                        'partitionMaxBytes': partition_most}]}]}


def produce(connection, topic, records, acks=1, version=8, timeout=10000):
    """The partition's part of the answer."""
    answer = connection.ask(PRODUCE, version, produce_values(topic, records, acks, timeout=timeout))
    return answer['responses'][0]['partitionResponses'][0]


def fetch(connection, topic, offset=0, version=11, **limits):
    answer = connection.ask(FETCH, version, fetch_values(topic, offset, **limits))
    expect_equal(answer['errorCode'], 0, 'error code of the fetch')
    return answer['responses'][0]['partitions'][0]


def create_topic(connection, name, partitions=1):
    answer = connection.ask(CREATE_TOPICS, 5, {'topics': [{'name': name, 'numPartitions': partitions,
                                                           'replicationFactor': 1}], 'timeoutMs': 10000})
    expect_equal(answer['topics'][0]['errorCode'], 0, f'error code of creating {name}')


class Neighbour:
    """A client that does nothing wrong. `works` shows that it is served while somebody else misbehaves."""

    def __init__(self, broker, topic='neighbour'):
        self.topic, self.offset = topic, 0
        self.connection = Connection(broker)
        create_topic(self.connection, topic)

    def works(self, patience=0.0):
        """With patience it asks again after an empty answer, as consumers do."""
        value = b'record %d' % self.offset
        stored = produce(self.connection, self.topic, batch([value]))
        expect_equal((stored['errorCode'], stored['baseOffset']), (0, self.offset), 'the neighbour\'s record')

        def read():
            answer = fetch(self.connection, self.topic, self.offset)
            expect_equal(answer['errorCode'], 0, 'the neighbour\'s fetch')
            return answer['records'] and value in answer['records']

        until(read, 'the neighbour reads what it wrote', patience)
        self.offset += 1
