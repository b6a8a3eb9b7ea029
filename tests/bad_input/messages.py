"""Kafka's messages for tests, interpreted from the schema files: any version of any request can be built and any
response taken apart to its last byte. Separate from the C++ that is generated from the same files.
"""

import glob
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, 'protocol', 'kafka'))

from schema import Parser  # noqa: E402

FORMATS = {'bool': '?', 'int8': 'b', 'int16': 'h', 'uint16': 'H', 'int32': 'i', 'uint32': 'I', 'int64': 'q', 'float64': 'd'}


class Undecodable(Exception):
    pass


def load():
    """(api key, 'request' or 'response') to message, and the headers by name."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, 'protocol', 'kafka', 'schemas', '*.schema'))):
        for message in Parser(path).parse().messages:
            found[(message.api_key, message.kind) if message.kind in ('request', 'response') else message.name] = message
    return found


MESSAGES = load()
API_VERSIONS = 18


def holds(versions, version):
    return versions is not None and versions.low <= version and (versions.high is None or version <= versions.high)


def unsigned_varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


class Writer:
    """Encodes a message; fields that are not given take their default."""

    def __init__(self, message, version):
        self.message, self.version = message, version
        self.flexible = version >= message.flexible

    def body(self, values):
        return self.encode(self.message, values)

    def encode(self, owner, values):
        unknown = set(values) - {field.name for field in owner.fields}
        assert not unknown, f'{owner.name} has no {unknown}'
        out, tags = b'', {}
        for field in owner.fields:
            if not holds(field.versions, self.version):
                continue
            if field.tag is None:
                out += self.field(field, values.get(field.name, self.default(field)))
            elif field.name in values:
                tags[field.tag] = self.field(field, values[field.name])
        return out + self.tags(tags)

    def tags(self, tags):
        if not self.flexible:
            return b''
        out = unsigned_varint(len(tags))
        for tag, data in sorted(tags.items()):
            out += unsigned_varint(tag) + unsigned_varint(len(data)) + data
        return out

    def default(self, field):
        if field.is_array:
            return []
        if field.default == 'empty':
            return '' if field.type_name == 'string' else b''
        if field.default is not None:
            return field.default == 'true' if field.type_name == 'bool' else int(field.default)
        if field.type_name in FORMATS:
            return False if field.type_name == 'bool' else 0
        if field.type_name == 'uuid':
            return bytes(16)
        if holds(field.nullable, self.version):
            return None
        if field.struct is not None:
            return {}
        return '' if field.type_name == 'string' else b''

    def field(self, field, value):
        if field.is_array:
            if value is None:
                return self.length(None, 'i')
            return self.length(len(value), 'i') + b''.join(self.item(field, one) for one in value)
        if field.struct is not None and holds(field.nullable, self.version):
            return b'\xff' if value is None else b'\x01' + self.item(field, value)
        return self.item(field, value)

    def item(self, field, value):
        kind = field.type_name
        if kind in FORMATS:
            return struct.pack('>' + FORMATS[kind], value)
        if kind == 'uuid':
            return value
        if field.struct is not None:
            return self.encode(field.struct, value)
        data = value.encode() if isinstance(value, str) else value
        size = 'h' if kind == 'string' else 'i'
        if field.plain:
            return struct.pack('>' + size, -1 if data is None else len(data)) + (data or b'')
        return self.length(None if data is None else len(data), size) + (data or b'')

    def length(self, count, size):
        if self.flexible:
            return unsigned_varint(0 if count is None else count + 1)
        return struct.pack('>' + size, -1 if count is None else count)


class Reader:
    """Decodes a message into dictionaries; every byte must be used."""

    def __init__(self, message, version, data, at=0):
        self.message, self.version, self.data, self.at = message, version, data, at
        self.flexible = version >= message.flexible

    def body(self):
        values = self.decode(self.message)
        if self.at != len(self.data):
            raise Undecodable(f'{len(self.data) - self.at} bytes are left over')
        return values

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise Undecodable(f'{count} bytes are wanted at {self.at} of {len(self.data)}')
        self.at += count
        return self.data[self.at - count:self.at]

    def unpack(self, code):
        return struct.unpack('>' + code, self.take(struct.calcsize('>' + code)))[0]

    def unsigned_varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def decode(self, owner):
        values = {}
        for field in owner.fields:
            if holds(field.versions, self.version) and field.tag is None:
                values[field.name] = self.field(field)
        if self.flexible:
            tagged = {field.tag: field for field in owner.fields
                      if field.tag is not None and holds(field.versions, self.version)}
            for _ in range(self.unsigned_varint()):
                self.tagged(tagged, values)
        return values

    def tagged(self, known, values):
        tag, size = self.unsigned_varint(), self.unsigned_varint()
        end = self.at + size
        if tag not in known:
            raise Undecodable(f'tag {tag} is in no schema')
        values[known[tag].name] = self.field(known[tag])
        if self.at != end:
            raise Undecodable(f'tag {tag} is {size} bytes long, but its field ends elsewhere')

    def field(self, field):
        if not field.is_array:
            return self.item(field)
        count = self.length('i')
        if count is None:
            if not holds(field.nullable, self.version):
                raise Undecodable(f'{field.name} is null')
            return None
        if count > len(self.data):
            raise Undecodable(f'{field.name} has {count} entries')
        return [self.item(field, True) for _ in range(count)]

    def item(self, field, in_array=False):
        kind = field.type_name
        if kind in FORMATS:
            return self.unpack(FORMATS[kind])
        if kind == 'uuid':
            return self.take(16)
        if field.struct is not None:
            # One byte tells whether there is one.
            if not in_array and holds(field.nullable, self.version) and self.unpack('b') < 0:
                return None
            return self.decode(field.struct)
        count = self.length('h' if kind == 'string' else 'i')
        if count is None:
            if not in_array and not holds(field.nullable, self.version):
                raise Undecodable(f'{field.name} is null')
            return None
        data = self.take(count)
        return data.decode() if kind == 'string' else data

    def length(self, size):
        count = self.unsigned_varint() - 1 if self.flexible else self.unpack(size)
        if count < -1:
            raise Undecodable(f'length {count}')
        return None if count == -1 else count


def request_bytes(key, version, values=None, correlation=1, client='bad_input'):
    """A whole frame with its length."""
    message = MESSAGES[key, 'request']
    header_version = 2 if version >= message.flexible else 1
    header = Writer(MESSAGES['RequestHeader'], header_version).body(
        {'requestApiKey': key, 'requestApiVersion': version, 'correlationId': correlation, 'clientId': client})
    return framed(header + Writer(message, version).body(values or {}))


def framed(data):
    return struct.pack('>i', len(data)) + data


def raw_request(key, version, body=b'', correlation=1):
    """A frame with a request header of version 1 and whatever body."""
    return framed(struct.pack('>hhih', key, version, correlation, -1) + body)


def read_response(key, version, frame):
    """(correlation id, values) of a frame without its length."""
    message = MESSAGES[key, 'response']
    header_version = 1 if version >= message.flexible and key != API_VERSIONS else 0
    header = Reader(MESSAGES['ResponseHeader'], header_version, frame)
    correlation = header.decode(header.message)['correlationId']
    return correlation, Reader(message, version, frame, header.at).body()
