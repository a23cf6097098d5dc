#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace hk::docker {

/// An image reference taken apart: [HOST[:PORT]/]REPOSITORY[:TAG][@sha256:DIGEST].
struct ImageName {
    std::string repository; ///< with its registry
    std::string tag;        ///< "latest" when neither tag nor digest is given
    std::string digest;
    std::string text() const;
    friend bool operator==(const ImageName&, const ImageName&) = default;
};

inline constexpr std::size_t max_image_name = 255;

/// Refuses capitals, options, spaces, empty parts and everything else that no engine takes, with a sentence.
Result<ImageName> parse_image_name(std::string_view text);

/// Names of images that hold environments: repository "hakuriver/<environment>", tag "base".
std::string environment_repository(std::string_view environment);
std::string environment_image(std::string_view environment);
inline constexpr std::string_view environment_tag = "base";

} // namespace hk::docker
