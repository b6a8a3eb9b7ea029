"""What the checks of planted bugs share: the program, its table of mutants, and the schedules that are kept."""

import collections
import glob
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('BARNABAS_PROGRAM', os.path.join(ROOT, 'build', 'cmd', 'barnabas'))
KEPT = os.path.join(ROOT, 'sim', 'scenarios', 'mutants')

# Bugs that only a certain scenario can show; the others are looked for in what seeds draw.
COMPACTION = {'compaction_keys': ('tombstone_dropped_early', 'swap_renamed_in_wrong_order', 'last_of_producer_dropped', 'cleaning_forgets_its_end'),
              'compaction_slow_syncs': ('compacts_above_high_watermark',)}
MOVES = {'moves': ('moved_copy_not_synced', 'moved_log_start_forgotten', 'moved_discarded_before_named'),
         'moves_on_bad_disks': ('handover_overtaken',)}
HANGS = {'hanging_directory': ('hang_spoils_the_stop',)}
RECREATIONS = {'recreated_topics': ('moved_onto_stale_marks', 'offsets_of_namesake_kept', 'removed_directories_stay')}
RETENTION = {'retention': ('retention_believes_any_time', 'retention_below_size'),
             'retention_across_crashes': ('crash_makes_segments_young',)}
DISKS = {'other_disks': ('foreign_disk_taken',), 'taken_directories': ('bare_mount_point_served',), 'rotten_texts': ('misnamed_log_set_aside',), 'rotten_indexes': ('time_entry_trusted',),
         'lost_snapshots': ('cuts_what_was_stable',)}
ROOM = {'no_room_left': ('kept_room_not_given', 'full_disk_stays_refused'), 'groups_short_of_room': ('coordinators_without_reserve',),
        'full_of_names': ('kept_name_not_given',)}
LIBRARY = {'client_library': ('commit_leads_delivery', 'fetch_before_seek_taken', 'revoked_still_delivered', 'failed_lookup_resets',
                              'given_up_uncommitted', 'fenced_epoch_kept')}
ALTERATIONS = {'altered_configs': ('config_told_before_sync', 'config_removal_forgotten', 'config_not_followed', 'group_options_not_followed'),
               'cordoned_directories': ('cordon_not_followed',)}
WITHOUT_SYNC = {'groups_without_sync': ('rebalance_not_limited',)}
CHANGES = {'groups_change_protocol': ('decisions_are_torn',)}
SCENARIOS = {name: os.path.join(ROOT, 'sim', 'scenarios', f'{scenario}.scenario')
             for scenario, names in (COMPACTION | MOVES | HANGS | RECREATIONS | RETENTION | DISKS | ROOM | LIBRARY | ALTERATIONS | WITHOUT_SYNC | CHANGES).items() for name in names}

Mutant = collections.namedtuple('Mutant', 'name checkers what')
# `checkers` that were violated, the first one first; ['crash'] when the process died (a broken assertion), [] when the run
# passed.
Outcome = collections.namedtuple('Outcome', 'checkers text')


def run(*arguments):
    done = subprocess.run([PROGRAM, 'sim', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    return done.returncode, done.stdout


# Bugs that are named for tests of their own are planted there, not in simulated runs: the property test of the log against its
# model, unit tests of groups, and fail-nth tests of checkpoint files. {name: (program, filter of the test that finds a bug)}
UNIT = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), 'tests', 'unit', 'actors')
TESTS = {'log_model': (os.path.join(UNIT, 'replica', 'log_model_test'), '*is_found/{}'),
         'checkpoint_tests': (os.path.join(UNIT, 'broker', 'actors_broker_test'), '*is_found_{}'),
         'recovery_tests': (os.path.join(UNIT, 'replica', 'replica_test'), '*is_found_{}'),
         'group_tests': (os.path.join(UNIT, 'group', 'actors_group_test'), '*is_found_{}'),
         'coordinator_tests': (os.path.join(UNIT, 'group', 'coordinator_actor_test'), '*is_found_{}'),
         'producer_tests': (os.path.join(UNIT, 'client', 'record_producer_test'), '*is_found_{}')}


def mutants():
    """Those that simulated runs must find."""
    return [mutant for mutant in all_mutants() if not set(TESTS) & set(mutant.checkers)]


def mutants_of_tests():
    """[(mutant, name of its test)] of the others."""
    return [(mutant, name) for mutant in all_mutants() for name in TESTS if name in mutant.checkers]


def all_mutants():
    code, output = run('mutants')
    if code != 0:
        raise RuntimeError(f'sim mutants ended with status {code}: {output[-300:]}')
    rows = [line.split('\t') for line in output.splitlines()]
    return [Mutant(name, checkers.split(','), what) for name, checkers, what in rows]


def planted_in(folder):
    """Names of the bugs that are planted in this folder below actors/."""
    names = set()
    for path in glob.glob(os.path.join(ROOT, 'actors', folder, '**', '*.?pp'), recursive=True):
        with open(path, encoding='utf-8') as file:
            names.update(re.findall(r'\bplanted_?(?:\.|->)(\w+)', file.read()))
    return names


def scenario_of(mutant):
    """Arguments that name the scenario in which this bug is looked for."""
    return [SCENARIOS[mutant]] if mutant in SCENARIOS else []


def kept_schedule(mutant):
    """Where the schedule lies that shows this bug."""
    return os.path.join(KEPT, mutant + '.schedule')


def replay(path, without_mutant=False):
    code, output = run('replay', path, '--all-checkers', *(['--without-mutant'] if without_mutant else []))
    return outcome_of(code, output)


def run_seed(seed, mutant, without_mutant=False):
    code, output = run('run', *scenario_of(mutant), '--seed', str(seed), '--failures', 'none', '--all-checkers',
                       *([] if without_mutant else ['--mutant', mutant]))
    return outcome_of(code, output)


def outcome_of(code, output):
    if code == 0:
        return Outcome([], '')
    found = re.search(r'^FAILED ([\w+]+), seed \d+: (.*)$', output, re.MULTILINE)
    if found:
        return Outcome(found.group(1).split('+'), found.group(2))
    return Outcome(['crash'], f'status {code}: {output[-300:]}')
