#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hk::config {

enum class Kind {
    flag,
    integer,
    seconds, ///< a whole or a fractional number
    text,
    path, ///< "~" is the home folder; a relative one is relative to the file's folder; "" stays
          ///< empty
    list, ///< of text
};

/// Who reads a key; a set of bits.
enum Program : unsigned { host = 1, runner = 2, client = 4, everyone = 7, nobody = 0 };

/// Empty when the text is right, else what is wrong with it: "is not an IP address".
using Check = std::string (*)(std::string_view text);

/// One key of the configuration file: everything that is known about it. The file's default text,
/// the reference page and the checks are made from this table, so there is no second place to keep
/// in step.
struct Key {
    std::string_view name; ///< "section.key"
    Kind kind;
    std::string_view fallback; ///< the default as TOML
    unsigned used_by;
    std::string_view sentence;
    double low = 0; ///< integers and seconds: both ends are allowed
    double high = 0;
    Check check = nullptr;    ///< of a text or path that is not empty, and of every element of a list
    bool may_be_empty = true; ///< texts and paths
};

/// In the order of the default file; keys of a section stand together.
std::span<const Key> keys();
/// Null when there is no such key.
const Key* find_key(std::string_view name);
/// What a section is about.
std::string_view section_sentence(std::string_view section);
/// "did you mean network.host_port?" or empty: a key whose name is nearly this one, or the same in
/// another section.
std::string suggestion(std::string_view unknown);

} // namespace hk::config
