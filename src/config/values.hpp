#pragma once
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/keys.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hk::config {

/// A file with more mistakes than this is another kind of file; only the first are reported.
inline constexpr std::size_t most_mistakes = 50;

/// Something wrong with the file. `line` 0: not a matter of one line.
struct Mistake {
    int line = 0;
    std::string message;
};

/// Folders that paths of the file are resolved against.
struct Places {
    std::filesystem::path home; ///< for "~"; empty when unknown
    std::filesystem::path base; ///< for relative paths
};

/// The value of every key of the table: what the file says where that is right, else the default.
/// Reading a key that the table does not have, or as another kind, is a bug and throws.
class Values {
public:
    /// Checks each value by itself and notes every mistake.
    static Values read(std::string_view text, const Places& places, std::vector<Mistake>& mistakes);

    bool flag(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    Duration seconds(std::string_view key) const;
    const std::string& text(std::string_view key) const;
    std::filesystem::path path(std::string_view key) const;
    const std::vector<std::string>& list(std::string_view key) const;
    /// Where the file sets the key; 0 when it does not.
    int line(std::string_view key) const;
    /// Whether the folder of the file was put in front of this path.
    bool relative(std::string_view key) const;

private:
    using Value =
        std::variant<bool, std::int64_t, Duration, std::string, std::filesystem::path, std::vector<std::string>>;
    struct Slot {
        Value value;
        int line = 0;
        bool relative = false;
    };
    friend class ValueReader;
    const Slot& slot(std::string_view key) const;
    std::map<std::string_view, Slot> slots_;
};

} // namespace hk::config
