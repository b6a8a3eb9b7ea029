// Boost.JSON has no library of its own here: this is its one translation unit of the program.
#include <boost/json/src.hpp>
