// The compiled part of Beast, once per program.
#include <boost/beast/src.hpp>
