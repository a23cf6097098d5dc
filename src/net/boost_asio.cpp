// The compiled part of Asio, once per program.
#include <boost/asio/impl/src.hpp>
