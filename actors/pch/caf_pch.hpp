// A guard instead of the usual pragma, which is an error in a file that is compiled itself.
#ifndef BARNABAS_ACTORS_PCH
#define BARNABAS_ACTORS_PCH

// What nearly every actor shell includes; parsing it once saves two seconds per file.
#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#endif
