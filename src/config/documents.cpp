#include "config/keys.hpp"
#include "config/load.hpp"

/// What is printed from the table of keys: the default file and the reference page.
namespace hk::config {
namespace {

constexpr std::size_t comment_width = 96;

std::string_view section_of(std::string_view name) { return name.substr(0, name.find('.')); }
std::string_view key_of(std::string_view name) { return name.substr(name.find('.') + 1); }

/// "# " in front of every line of the text, broken between words.
std::string comment(std::string_view text) {
    std::string out = "#";
    std::size_t column = 1;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        if (column > 1 && column + 1 + space > comment_width) {
            out += "\n#";
            column = 1;
        }
        out += ' ';
        out += text.substr(0, space);
        column += 1 + space;
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return out + "\n";
}

std::string number(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string kind_text(const Key& key) {
    const std::string range = key.high > 0 ? ", " + number(key.low) + " to " + number(key.high) : "";
    switch (key.kind) {
    case Kind::flag: return "true or false";
    case Kind::integer: return "whole number" + range;
    case Kind::seconds: return "seconds" + range;
    case Kind::text: return "text";
    case Kind::path: return "path";
    case Kind::list: return "list of texts";
    }
    std::unreachable();
}

std::string programs_text(unsigned used_by) {
    if (used_by == nobody) return "not used";
    if (used_by == everyone) return "all";
    std::string text;
    for (const auto& [program, name] : {std::pair(host, "host"), {runner, "runner"}, {client, "client"}})
        if ((used_by & program) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

} // namespace

std::string default_file() {
    std::string text = comment("HakuRiver's configuration. One file serves the Host, the runners "
                               "and the clients; each program takes what it needs. Every key may "
                               "be left out and then has the value shown here.");
    std::string_view section;
    for (const Key& key : keys()) {
        if (section_of(key.name) != section) {
            section = section_of(key.name);
            text += "\n" + comment(section_sentence(section)) + "[" + std::string(section) + "]\n";
        }
        text += "\n" + comment(key.sentence);
        text += std::string(key_of(key.name)) + " = " + std::string(key.fallback) + "\n";
    }
    return text;
}

std::string reference_page() {
    std::string text = "# Configuration\n\n"
                       "The programs read the file named with `--config`, else the one named by "
                       "`$HAKURIVER_CONFIG`, else\n"
                       "`~/.hakuriver/config.toml`, else `/etc/hakuriver/config.toml`; without any "
                       "of them everything has its default.\n"
                       "`hakuriver.init config` writes the default file. One file serves the Host, "
                       "the runners and the clients.\n"
                       "All mistakes in a file are reported together, each with its line.\n\n"
                       "This page is printed from the program's own table of keys.\n";
    std::string_view section;
    for (const Key& key : keys()) {
        if (section_of(key.name) != section) {
            section = section_of(key.name);
            text += "\n## [" + std::string(section) + "]\n\n" + std::string(section_sentence(section)) +
                    "\n\n| key | kind | default | read by | meaning |\n|---|---|---|---|---|\n";
        }
        text += "| `" + std::string(key_of(key.name)) + "` | " + kind_text(key) + " | `" + std::string(key.fallback) +
                "` | " + programs_text(key.used_by) + " | " + std::string(key.sentence) + " |\n";
    }
    return text;
}

} // namespace hk::config
