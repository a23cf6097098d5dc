#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hk::config {

/// Something that no key takes: a date, a list of other things than text.
struct Other {
    std::string what;
};
using Raw = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, Other>;

/// One `key = value` of a TOML text, with the sections in its name: "network.host_port".
struct Entry {
    std::string key;
    Raw value;
    int line = 0;
};

/// All entries in the order of their lines. A syntax error is `invalid`, its message "LINE: what is
/// wrong".
Result<std::vector<Entry>> read_toml(std::string_view text);

} // namespace hk::config
