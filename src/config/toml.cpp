#include "config/toml.hpp"

#include <algorithm>
#include <utility>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/impl/preprocessor.h>
// Version 3.3 asserts (and in a release build tells the compiler to assume) that a key follows "[",
// which a wrong file such as "[=" does not keep. Behind each of these assertions it also has an
// error message: let it come to that.
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ASSERT_ASSUME(expression) static_assert(true)
#include <toml++/toml.h>

namespace hk::config {
namespace {

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

Raw list_of(const toml::array& array) {
    std::vector<std::string> texts;
    for (const toml::node& element : array) {
        const auto* text = element.as_string();
        if (text == nullptr) return Other{"a list with something else than text in it"};
        texts.push_back(text->get());
    }
    return texts;
}

Raw value_of(const toml::node& node) {
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* array = node.as_array()) return list_of(*array);
    return Other{"a date or time"};
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<Entry>& entries) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const auto* inner = node.as_table()) flatten(*inner, name + ".", entries);
        else entries.push_back(Entry{.key = name, .value = value_of(node), .line = line_of(node)});
    }
}

} // namespace

Result<std::vector<Entry>> read_toml(std::string_view text) {
    const toml::parse_result parsed = toml::parse(text, std::string_view());
    if (!parsed) {
        const auto& error = parsed.error();
        return fail(Errc::invalid, std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
    }
    std::vector<Entry> entries;
    flatten(parsed.table(), "", entries);
    std::ranges::sort(entries, {},
                      [](const Entry& entry) { return std::pair(entry.line, std::string_view(entry.key)); });
    return entries;
}

} // namespace hk::config
