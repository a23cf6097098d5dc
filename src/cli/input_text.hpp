#pragma once
#include <string>
#include <string_view>

namespace hk::cli {

/// Bytes as they are typed to the text that a terminal's frames carry, which must be UTF-8: a character that is cut
/// waits for its rest.
class InputText {
public:
    /// The text that is complete by now; bytes that are no UTF-8 become U+FFFD.
    std::string take(std::string_view bytes);
    /// What will not be completed any more.
    std::string rest();

private:
    std::string held_; ///< at most 3 bytes
};

} // namespace hk::cli
