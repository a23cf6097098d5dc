#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace hk {

Error system_error(std::string what, int error_number) {
    const bool full = error_number == ENOSPC || error_number == EDQUOT;
    return Error{full ? Errc::no_space : Errc::io, std::move(what) + ": " + std::strerror(error_number), {}};
}

} // namespace hk
