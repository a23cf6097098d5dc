#pragma once
#include <span>
#include <string_view>

namespace hk::host {

/// A file of the built dashboard, as the build put it into the executable; compressed forms are empty where there are
/// none. Lives as long as the program.
struct WebAsset {
    std::string_view path; ///< "/assets/index-4f2a.js"
    std::string_view plain;
    std::string_view brotli;
    std::string_view gzip;
    std::string_view tag; ///< changes with the content
};

/// All of them, ordered by path; none when the dashboard was not built. Defined in a generated file.
std::span<const WebAsset> web_assets();

} // namespace hk::host
