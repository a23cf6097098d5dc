#include "config/values.hpp"

#include "config/toml.hpp"

#include <charconv>
#include <cmath>
#include <set>

namespace hk::config {
namespace {

std::string kind_name(Kind kind) {
    switch (kind) {
    case Kind::flag: return "true or false";
    case Kind::integer: return "a whole number";
    case Kind::seconds: return "a number of seconds";
    case Kind::text:
    case Kind::path: return "text in quotes";
    case Kind::list: return "a list of texts, such as [\"a\", \"b\"]";
    }
    std::unreachable();
}

/// What was found where another kind was expected.
std::string describe(const Raw& raw) {
    struct Visitor {
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return std::to_string(number); }
        std::string operator()(const std::string& text) const { return "\"" + text.substr(0, 80) + "\""; }
        std::string operator()(const std::vector<std::string>&) const { return "a list"; }
        std::string operator()(const Other& other) const { return other.what; }
    };
    return std::visit(Visitor{}, raw);
}

/// "5", "0.1", "65535": bounds as people write them.
std::string plain(double number) {
    char buffer[32];
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), number).ptr;
    return std::string(buffer, end);
}

} // namespace

/// Fills a Values from the entries of a file.
class ValueReader {
public:
    ValueReader(Values& values, const Places& places, std::vector<Mistake>& mistakes)
        : values_(values)
        , places_(places)
        , mistakes_(mistakes) {}

    /// What the file says, until there are too many mistakes.
    void read_file(const std::vector<Entry>& entries) {
        for (const Entry& entry : entries) {
            if (mistakes_.size() >= most_mistakes)
                return wrong(entry.line, "there may be more mistakes from here on; these are the first " +
                                             std::to_string(most_mistakes));
            if (const Key* key = find_key(entry.key)) take(*key, entry);
            else wrong(entry.line, unknown(entry.key));
        }
    }

    /// Defaults, only where they are needed: one may be impossible here, such as "~" without a
    /// home.
    void fill_up() {
        for (const Key& key : keys()) {
            if (values_.slots_.contains(key.name)) continue;
            const auto fallback = read_toml("x = " + std::string(key.fallback));
            take(key, Entry{.key = std::string(key.name), .value = fallback.value().front().value});
        }
    }

private:
    void wrong(int line, std::string message) { mistakes_.push_back({line, std::move(message)}); }
    void wrong(const Key& key, int line, const std::string& what) { wrong(line, std::string(key.name) + " " + what); }

    static std::string unknown(const std::string& name) {
        const std::string hint = suggestion(name);
        if (!section_sentence(name).empty()) return name + " is a section; write [" + name + "] and its keys below";
        return name + " is not a key of the configuration" + (hint.empty() ? "" : "; " + hint);
    }

    void keep(const Key& key, int line, Values::Value value) { values_.slots_[key.name] = {std::move(value), line}; }

    void take(const Key& key, const Entry& entry) {
        if (!fits(key, entry))
            wrong(key, entry.line, "is " + describe(entry.value) + ", but must be " + kind_name(key.kind));
    }

    /// False when the value is of another kind; other mistakes are noted here.
    bool fits(const Key& key, const Entry& entry) {
        switch (key.kind) {
        case Kind::flag: return take_flag(key, entry);
        case Kind::integer: return take_integer(key, entry);
        case Kind::seconds: return take_seconds(key, entry);
        case Kind::text: return take_text(key, entry);
        case Kind::path: return take_path(key, entry);
        case Kind::list: return take_list(key, entry);
        }
        std::unreachable();
    }

    bool take_flag(const Key& key, const Entry& entry) {
        const auto* flag = std::get_if<bool>(&entry.value);
        if (flag != nullptr) keep(key, entry.line, *flag);
        return flag != nullptr;
    }

    bool within(const Key& key, int line, double number) {
        if (number >= key.low && number <= key.high) return true;
        wrong(key, line, "is " + plain(number) + ", but must be " + plain(key.low) + " to " + plain(key.high));
        return false;
    }

    bool take_integer(const Key& key, const Entry& entry) {
        const auto* number = std::get_if<std::int64_t>(&entry.value);
        if (number == nullptr) return false;
        if (within(key, entry.line, static_cast<double>(*number))) keep(key, entry.line, *number);
        return true;
    }

    bool take_seconds(const Key& key, const Entry& entry) {
        const auto* whole = std::get_if<std::int64_t>(&entry.value);
        const auto* fraction = std::get_if<double>(&entry.value);
        if (whole == nullptr && (fraction == nullptr || !std::isfinite(*fraction))) return false;
        const double number = whole != nullptr ? static_cast<double>(*whole) : *fraction;
        if (within(key, entry.line, number)) keep(key, entry.line, Duration(std::llround(number * 1e6)));
        return true;
    }

    bool right(const Key& key, int line, const std::string& text) {
        if (text.empty() && !key.may_be_empty) {
            wrong(key, line, "must not be empty");
            return false;
        }
        const std::string problem = text.empty() || key.check == nullptr ? std::string() : key.check(text);
        if (!problem.empty()) wrong(key, line, problem);
        return problem.empty();
    }

    bool take_text(const Key& key, const Entry& entry) {
        const auto* text = std::get_if<std::string>(&entry.value);
        if (text == nullptr) return false;
        if (right(key, entry.line, *text)) keep(key, entry.line, *text);
        return true;
    }

    bool take_path(const Key& key, const Entry& entry) {
        const auto* text = std::get_if<std::string>(&entry.value);
        if (text == nullptr) return false;
        if (!right(key, entry.line, *text)) return true;
        keep(key, entry.line, resolve(key, entry.line, *text));
        values_.slots_[key.name].relative = !text->empty() && !text->starts_with('/') && !text->starts_with('~');
        return true;
    }

    std::filesystem::path resolve(const Key& key, int line, const std::string& text) {
        if (text.empty()) return {};
        if (text.contains('\0')) wrong(key, line, "holds a zero byte, which no path can");
        std::filesystem::path path(text);
        if (text == "~" || text.starts_with("~/")) {
            if (places_.home.empty())
                wrong(key, line, "starts with ~, but the home folder is not known; write an absolute path");
            path = places_.home / text.substr(text.size() == 1 ? 1 : 2);
        }
        path = (path.is_absolute() ? path : places_.base / path).lexically_normal();
        return path.has_filename() ? path : path.parent_path(); // no slash at the end
    }

    bool take_list(const Key& key, const Entry& entry) {
        const auto* texts = std::get_if<std::vector<std::string>>(&entry.value);
        if (texts == nullptr) return false;
        bool all_right = true;
        std::set<std::string> seen;
        for (const std::string& text : *texts) {
            if (text.empty()) wrong(key, entry.line, "holds an empty text");
            else if (!seen.insert(text).second) wrong(key, entry.line, "holds \"" + text.substr(0, 80) + "\" twice");
            else if (right(key, entry.line, text)) continue;
            all_right = false;
        }
        if (all_right) keep(key, entry.line, *texts);
        return true;
    }

    Values& values_;
    const Places& places_;
    std::vector<Mistake>& mistakes_;
};

Values Values::read(std::string_view text, const Places& places, std::vector<Mistake>& mistakes) {
    Values values;
    ValueReader reader(values, places, mistakes);
    if (auto parsed = read_toml(text)) {
        reader.read_file(*parsed);
    } else {
        const std::string& message = parsed.error().message; // "LINE: what"
        const auto colon = message.find(": ");
        int line = 0;
        std::from_chars(message.data(), message.data() + colon, line);
        mistakes.push_back({line, message.substr(colon + 2)});
    }
    reader.fill_up();
    return values;
}

const Values::Slot& Values::slot(std::string_view key) const { return slots_.at(key); }
bool Values::flag(std::string_view key) const { return std::get<bool>(slot(key).value); }
std::int64_t Values::integer(std::string_view key) const { return std::get<std::int64_t>(slot(key).value); }
Duration Values::seconds(std::string_view key) const { return std::get<Duration>(slot(key).value); }
const std::string& Values::text(std::string_view key) const { return std::get<std::string>(slot(key).value); }
std::filesystem::path Values::path(std::string_view key) const {
    return std::get<std::filesystem::path>(slot(key).value);
}
const std::vector<std::string>& Values::list(std::string_view key) const {
    return std::get<std::vector<std::string>>(slot(key).value);
}
bool Values::relative(std::string_view key) const { return slot(key).relative; }

int Values::line(std::string_view key) const { return slot(key).line; }

} // namespace hk::config
