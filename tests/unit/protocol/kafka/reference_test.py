#!/usr/bin/env python3
"""The schemas against the reference's descriptions, which lie beside the repository (BARNABAS_SHARED names another place): each field of each
message in each version, and the releases behind `since`.

One rule is ours: a nullable field for which the reference names no default has null here and an empty value there. Ends with 77, which means
skipped, and a sentence where the descriptions are absent.
"""

import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 4))
sys.path.insert(0, os.path.join(ROOT, 'protocol', 'kafka'))

from schema import Parser  # noqa: E402

SHARED = os.environ.get('BARNABAS_SHARED') or os.path.join(os.path.dirname(ROOT), 'shared')
FACTS = os.path.join(SHARED, 'kafka-protocol')
SKIPPED = 77
NUMBERS = ('int8', 'int16', 'int32', 'int64', 'uint16', 'uint32')
KINDS = {'request': 'request', 'response': 'response', 'record_key': 'coordinator-key', 'record_value': 'coordinator-value',
         'header': 'header', 'data': 'data'}
# What the reference describes and nothing here reads: its metadata and quorum, tiered storage, its streams library.
FOLDERS_LEFT_OUT = ('metadata', 'raft', 'storage', 'streams')
# KIP-1142 gave the API with this key another name.
RENAMED = ('ListClientMetricsResourcesRequest', 'ListClientMetricsResourcesResponse')
ENDLESS = 10 ** 6


def read_description(path):
    """JSON with comments."""
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\])*"|//[^\n]*', lambda found: found[0] if found[0].startswith('"') else '', text)
    return json.loads(text)


def versions(text):
    if text is None or text == 'none':
        return 0, -1
    low, more, high = re.fullmatch(r'(\d+)(\+|-(\d+))?', text.strip()).groups()
    return int(low), ENDLESS if more == '+' else int(high) if high else int(low)


def within(version, bounds):
    return bounds[0] <= version <= bounds[1]


def default_of(field, base, is_array):
    given = field.get('default')
    if base in NUMBERS and not is_array:
        return int(str(given), 0) if given not in (None, '') else 0
    if base == 'bool' and not is_array:
        return str(given).lower() == 'true'
    if base == 'float64':
        return float(given or 0)
    if given is None and field.get('nullableVersions'):
        return 'empty or null'
    return 'null' if given == 'null' else 'empty'


class Reference:
    """One description; fields come as tuples that can be compared with ours."""

    def __init__(self, description):
        self.description = description
        self.structs = {each['name']: each['fields'] for each in description.get('commonStructs', [])}
        self.collect(description['fields'])

    def collect(self, fields):
        for field in fields:
            if field.get('fields'):
                self.structs.setdefault(field['type'].lstrip('[]'), field['fields'])
                self.collect(field['fields'])

    def has(self, version):
        return within(version, versions(self.description['validVersions']))

    def is_flexible(self, version):
        return within(version, versions(self.description.get('flexibleVersions')))

    def fields(self, version):
        return self.listed(self.description['fields'], version)

    def listed(self, fields, version):
        plain, tagged = [], []
        for field in fields:
            if not within(version, versions(field.get('versions') or field.get('taggedVersions'))):
                continue
            is_tagged = within(version, versions(field.get('taggedVersions')))
            (tagged if is_tagged else plain).append(self.facts(field, version, is_tagged))
        return plain + sorted(tagged, key=lambda each: each['tag'])

    def facts(self, field, version, is_tagged):
        is_array = field['type'].startswith('[]')
        base = field['type'].removeprefix('[]')
        inside = None
        if base[0].isupper():
            inside = self.listed(self.structs[base], version)
            base = 'struct'
        flexible = self.is_flexible(version)
        own = within(version, versions(field['flexibleVersions'])) if 'flexibleVersions' in field else flexible
        return {'name': field['name'][0].lower() + field['name'][1:], 'type': base, 'array': is_array,
                'nullable': within(version, versions(field.get('nullableVersions'))),
                'default': default_of(field, base, is_array), 'tag': field.get('tag') if is_tagged else None,
                'plain': own != flexible and base in ('string', 'bytes', 'records'), 'fields': inside}


def our_default(field, base):
    if field.is_array or base not in NUMBERS + ('bool', 'float64'):
        return field.default or ('null' if field.nullable else 'empty')
    if base == 'bool':
        return field.default == 'true'
    return float(field.default or 0) if base == 'float64' else int(field.default or 0)


def our_fields(fields, version, flexible):
    plain, tagged = [], []
    for field in fields:
        if not field.versions.low <= version <= field.versions.high:
            continue
        base = 'struct' if field.struct else field.type_name
        facts = {'name': field.name, 'type': base, 'array': field.is_array,
                 'nullable': bool(field.nullable) and field.nullable.low <= version <= field.nullable.high,
                 'default': our_default(field, base), 'tag': field.tag, 'plain': bool(field.plain and flexible),
                 'fields': our_fields(field.struct.fields, version, flexible) if field.struct else None}
        (tagged if field.tag is not None else plain).append(facts)
    return plain + sorted(tagged, key=lambda each: each['tag'])


def same(fact, theirs, ours):
    if fact == 'default' and theirs == 'empty or null':
        return ours in ('empty', 'null')
    return theirs == ours


def differences(theirs, ours, place):
    names = [each['name'] for each in theirs], [each['name'] for each in ours]
    if names[0] != names[1]:
        yield f'{place} has the fields {names[1]}, in the reference {names[0]}'
        return
    for their, our in zip(theirs, ours):
        field = f'{place}.{our["name"]}'
        for fact in ('type', 'array', 'nullable', 'default', 'tag', 'plain'):
            if not same(fact, their[fact], our[fact]):
                yield f'{field}: {fact} is {our[fact]}, in the reference {their[fact]}'
        if (their['fields'] is None) != (our['fields'] is None):
            yield f'{field}: only one of the two is a struct'
        elif our['fields'] is not None:
            yield from differences(their['fields'], our['fields'], field)


def references():
    """Current descriptions first, then those of versions that Kafka 4.0 dropped."""
    found = []
    for path in sorted(glob.glob(os.path.join(FACTS, 'schemas', '**', '*.json'), recursive=True)):
        description = read_description(path)
        if description.get('validVersions', 'none') != 'none':
            old = 'legacy' in os.path.relpath(path, FACTS)
            found.append((old, os.path.basename(os.path.dirname(path)), description))
    return [(folder, description) for old, folder, description in sorted(found, key=lambda each: each[0])]


def is_of(description, message):
    if description['name'].lower() == message.name.lower():
        return True
    return (message.kind in ('request', 'response') and description.get('type') == KINDS[message.kind] and
            description.get('apiKey') == message.api_key)


def check_message(message, described):
    sources = [Reference(each) for each in described]
    if not sources:
        yield f'{message.name} is in no description of the reference'
    for source in sources:
        low, high = versions(source.description['validVersions'])
        for version in range(low, high + 1):
            if not message.range.low <= version <= message.range.high:
                yield f'{message.name} lacks version {version}'
    for version in range(message.range.low, message.range.high + 1):
        source = next((each for each in sources if each.has(version)), None)
        if source is None:
            yield f'{message.name} v{version} is not in the reference'
            continue
        flexible = version >= message.flexible
        if flexible != source.is_flexible(version):
            yield f'{message.name} v{version}: flexible is {flexible}'
        yield from differences(source.fields(version), our_fields(message.fields, version, flexible),
                               f'{message.name} v{version}')


def check_since(parser, apis):
    known = apis.get(parser.number)
    if known is None:
        yield f'no API of the reference has key {parser.number}'
        return
    if known['name'] != parser.name:
        yield f'{parser.name} is called {known["name"]} in the reference'
    for index, release in enumerate(parser.since):
        version = str(parser.messages[0].range.low + index)
        early = known.get('earlyAccessIn', {}).get(version)
        wanted = known['stableSince'].get(version) or (f'early:{early}' if early else None)
        if release != wanted:
            yield f'{parser.name} v{version} is since {release}, in the reference {wanted}'


def problems():
    described = references()
    with open(os.path.join(FACTS, 'api-keys.json'), encoding='utf-8') as file:
        apis = {each['key']: each for each in json.load(file)}
    seen, keys = set(), set()
    for path in sorted(glob.glob(os.path.join(ROOT, 'protocol', 'kafka', 'schemas', '*.schema'))):
        parser = Parser(path).parse()
        if parser.opening == 'api':
            keys.add(parser.number)
            yield from check_since(parser, apis)
        for message in parser.messages:
            own = [each for _, each in described if is_of(each, message)]
            seen.update(each['name'] for each in own)
            yield from check_message(message, own)
    yield from (f'API {apis[key]["name"]} has no schema' for key in sorted(set(apis) - keys))
    for folder, each in described:
        if each['name'] not in seen and folder not in FOLDERS_LEFT_OUT and each['name'] not in RENAMED:
            yield f'{each["name"]} of the reference has no schema'


def main():
    if not os.path.isdir(os.path.join(FACTS, 'schemas')):
        print(f'the descriptions of the reference would be in {FACTS}, which is absent')
        return SKIPPED
    found = list(problems())
    print('\n'.join(found[:50]) if found else 'all schemas agree with the reference')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
