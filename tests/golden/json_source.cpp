// Boost.JSON has no library of its own here: this is its one translation unit.
#include <boost/json/src.hpp>
