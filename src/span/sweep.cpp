#include "span/sweep.hpp"

#include "span/grammar.hpp"

#include <algorithm>

namespace hk::span {
namespace {

/// Names the argument in front of what is wrong with it.
std::unexpected<Error> about(std::string_view span, const Error& error) {
    return fail(error.code, "'" + std::string(span) + "': " + error.message);
}

Result<Values> file_values(std::string_view path, const ReadFile& read_file) {
    if (path.empty()) return fail(Errc::invalid, "the file has no name");
    if (!read_file) {
        return fail(Errc::invalid, "files are read where the command is typed; send their lines as span:[...]");
    }
    HK_TRY(const auto text, read_file(std::string(path)));
    return parse_lines(text);
}

Result<Values> values_of(const SpanText& span, const ReadFile& read_file) {
    switch (span.kind) {
    case SpanKind::braces: return parse_braces(span.body);
    case SpanKind::brackets: return parse_list(span.body);
    case SpanKind::file: return file_values(span.body, read_file);
    }
    return fail(Errc::internal, "unknown kind of span");
}

/// What remains of span:{1..3} when the shell has expanded its braces.
bool is_expanded_by_shell(std::string_view argument, const std::optional<SpanText>& span) {
    return argument.starts_with("span:") && (!span || span->begin > 0);
}

Result<Argument> parse_argument(const std::string& text, const ReadFile& read_file) {
    Argument argument;
    std::size_t done = 0;
    HK_TRY(auto span, find_span(text, 0));
    if (is_expanded_by_shell(text, span)) {
        return fail(Errc::invalid, "'" + text +
                                       "' is not a span. Shells expand braces themselves: put the argument "
                                       "in quotes, as in 'span:{1..3}'. For this very text write 'span:[" +
                                       text + "]'");
    }
    while (span) {
        const auto span_text = std::string_view(text).substr(span->begin, span->end - span->begin);
        auto values = values_of(*span, read_file);
        if (!values) return about(span_text, values.error());
        if (__builtin_mul_overflow(argument.size, count_of(*values), &argument.size)) {
            return about(text, {Errc::too_large, "more combinations than 64 bits can count", {}});
        }
        if (span->begin > done) argument.parts.emplace_back(text.substr(done, span->begin - done));
        argument.parts.emplace_back(std::move(*values));
        done = span->end;
        HK_TRY(span, find_span(text, done));
    }
    if (done < text.size() || argument.parts.empty()) argument.parts.emplace_back(text.substr(done));
    return argument;
}

/// Takes the argument's share of the index from its low end, its last span first.
std::string argument_at(const Argument& argument, std::uint64_t index) {
    std::vector<std::string> pieces;
    for (auto part = argument.parts.rbegin(); part != argument.parts.rend(); ++part) {
        if (const auto* text = std::get_if<std::string>(&*part)) {
            pieces.push_back(*text);
            continue;
        }
        const auto& values = std::get<Values>(*part);
        pieces.push_back(text_at(values, index % count_of(values)));
        index /= count_of(values);
    }
    std::string joined;
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) joined += *piece;
    return joined;
}

bool is_plain(const Argument& argument) {
    return argument.parts.size() == 1 && std::holds_alternative<std::string>(argument.parts.front());
}

} // namespace

bool Sweep::has_spans() const { return !std::ranges::all_of(arguments_, is_plain); }

bool Sweep::varies(std::size_t argument) const { return !is_plain(arguments_.at(argument)); }

std::vector<std::string> Sweep::at(std::uint64_t index) const {
    std::vector<std::string> combination(arguments_.size());
    for (std::size_t i = arguments_.size(); i-- > 0;) {
        combination[i] = argument_at(arguments_[i], index % arguments_[i].size);
        index /= arguments_[i].size;
    }
    return combination;
}

ArgKind Sweep::kind(std::size_t argument) const {
    const auto& parts = arguments_.at(argument).parts;
    const auto* values = parts.size() == 1 ? std::get_if<Values>(&parts.front()) : nullptr;
    const auto* range = values ? std::get_if<NumberRange>(values) : nullptr;
    if (!range) return ArgKind::text;
    return range->decimals == 0 ? ArgKind::integer : ArgKind::real;
}

Result<Sweep> parse_sweep(const std::vector<std::string>& args, const ReadFile& read_file) {
    Sweep sweep;
    for (const auto& text : args) {
        HK_TRY(auto argument, parse_argument(text, read_file));
        if (__builtin_mul_overflow(sweep.size_, argument.size, &sweep.size_)) {
            return fail(Errc::too_large, "the spans have more combinations than 64 bits can count");
        }
        sweep.arguments_.push_back(std::move(argument));
    }
    return sweep;
}

bool has_spans(const std::vector<std::string>& args) {
    return std::ranges::any_of(args, [](const std::string& text) {
        const auto span = find_span(text, 0);
        return !span || *span || text.starts_with("span:");
    });
}

Result<std::vector<std::string>> inline_files(std::vector<std::string> args, const ReadFile& read_file) {
    for (auto& text : args) {
        std::size_t from = 0;
        HK_TRY(auto span, find_span(text, from));
        while (span && span->kind != SpanKind::file) {
            from = span->end;
            HK_TRY(span, find_span(text, from));
        }
        if (!span) continue;
        const auto values = file_values(span->body, read_file);
        if (!values) return about(std::string_view(text).substr(span->begin), values.error());
        text = text.substr(0, span->begin) + format_list(std::get<List>(*values));
    }
    return args;
}

} // namespace hk::span
