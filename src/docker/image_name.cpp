#include "docker/image_name.hpp"

#include <algorithm>

namespace hk::docker {

namespace {

bool lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool letter(char c) { return lower(c) || (c >= 'A' && c <= 'Z'); }

/// Letters and digits in groups, separated by one of ". _ __ -...".
bool is_path_part(std::string_view part) {
    if (part.empty() || !lower(part.front()) || !lower(part.back())) return false;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (lower(part[i]) || part[i] == '-') continue;
        if (part[i] != '.' && part[i] != '_') return false;
        const bool twice = part[i] == '_' && part[i + 1] == '_';
        const std::size_t next = i + (twice ? 2 : 1);
        if (next >= part.size() || !lower(part[next])) return false;
        i = next;
    }
    return true;
}

bool is_registry(std::string_view part) {
    const auto colon = part.find(':');
    const std::string_view host = part.substr(0, colon);
    const bool port_is_right = colon == std::string_view::npos ||
                               (colon + 1 < part.size() && std::ranges::all_of(part.substr(colon + 1), [](char c) {
                                    return c >= '0' && c <= '9';
                                }));
    const bool host_is_right = !host.empty() && letter(host.front()) && letter(host.back()) &&
                               std::ranges::all_of(host, [](char c) { return letter(c) || c == '.' || c == '-'; });
    return host_is_right && port_is_right;
}

bool is_repository(std::string_view text) {
    const auto first = text.find('/');
    if (first != std::string_view::npos) {
        const std::string_view head = text.substr(0, first);
        if (head.find_first_of(".:") != std::string_view::npos || head == "localhost") {
            if (!is_registry(head)) return false;
            text.remove_prefix(first + 1);
        }
    }
    for (;;) {
        const auto slash = text.find('/');
        if (!is_path_part(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

bool is_tag(std::string_view tag) {
    if (tag.empty() || tag.size() > 128 || !(letter(tag.front()) || tag.front() == '_')) return false;
    return std::ranges::all_of(tag, [](char c) { return letter(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view digest) {
    return digest.size() == 71 && digest.starts_with("sha256:") &&
           std::ranges::all_of(digest.substr(7), [](char c) { return lower(c) && c <= 'f'; });
}

} // namespace

std::string ImageName::text() const {
    return repository + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

Result<ImageName> parse_image_name(std::string_view text) {
    const auto refuse = [&] {
        return fail(Errc::invalid,
                    "\"" + std::string(text.substr(0, 80)) +
                        "\" is no image name; write it like python:3.12 or registry.example.org/team/image:tag, "
                        "in lower case");
    };
    if (text.empty() || text.size() > max_image_name) return refuse();
    ImageName name;
    std::string_view rest = text;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        name.digest = rest.substr(at + 1);
        rest = rest.substr(0, at);
        if (!is_digest(name.digest)) return refuse();
    }
    const auto colon = rest.rfind(':');
    if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
        name.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        if (!is_tag(name.tag)) return refuse();
    }
    if (!is_repository(rest)) return refuse();
    name.repository = rest;
    if (name.tag.empty() && name.digest.empty()) name.tag = "latest";
    return name;
}

std::string environment_repository(std::string_view environment) { return "hakuriver/" + std::string(environment); }

std::string environment_image(std::string_view environment) {
    return environment_repository(environment) + ":" + std::string(environment_tag);
}

} // namespace hk::docker
