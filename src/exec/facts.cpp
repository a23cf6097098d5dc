#include "exec/facts.hpp"

#include "keeper/protocol.hpp"
#include "json/model_codec.hpp"

#include <charconv>

namespace hk::exec {
namespace {

/// Takes a line apart word by word; a word that is missing or no number makes the whole line not understood.
class Words {
public:
    explicit Words(std::string_view line)
        : rest_(line) {}
    bool ok() const { return ok_; }
    std::string_view rest() const { return rest_; }

    std::string_view word() {
        const auto end = rest_.find(' ');
        const auto found = rest_.substr(0, end);
        rest_ = end == rest_.npos ? std::string_view{} : rest_.substr(end + 1);
        ok_ = ok_ && !found.empty();
        return found;
    }
    template <class T = std::int64_t>
    T number() {
        const auto text = word();
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        ok_ = ok_ && error == std::errc{} && end == text.data() + text.size();
        return value;
    }
    Time time() { return from_micros(number()); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

std::optional<Fact> checked(const Words& words, Fact fact) {
    if (!words.ok()) return std::nullopt;
    return fact;
}

std::optional<Fact> parse_forked(Words& words) {
    ForkedFact fact;
    fact.task.pid = words.number<int>();
    fact.task.start_ticks = words.number<std::uint64_t>();
    fact.watcher = words.number<int>();
    fact.boot_id = words.word();
    return checked(words, fact);
}

std::optional<Fact> parse_failed(Words& words) {
    FailedFact fact;
    fact.exit_code = words.number<int>();
    fact.at = words.time();
    fact.text = words.rest();
    return checked(words, fact);
}

std::optional<Fact> parse_exited(Words& words, bool by_signal) {
    ExitedFact fact;
    (by_signal ? fact.signal : fact.exit_code) = words.number<int>();
    fact.at = words.time();
    return checked(words, fact);
}

std::optional<Bytes> bytes_or_none(std::int64_t number) {
    return number > 0 ? std::optional(Bytes{number}) : std::nullopt;
}

std::optional<Fact> parse_limits(Words& words) {
    LimitsFact fact;
    if (const auto micros = words.number(); micros > 0) fact.cpu_per_second = Duration{micros};
    fact.memory = bytes_or_none(words.number());
    return checked(words, fact);
}

std::optional<Fact> parse_memory(Words& words) {
    MemoryFact fact;
    fact.oom_kills = words.number<int>();
    fact.limit = bytes_or_none(words.number());
    fact.peak = bytes_or_none(words.number());
    return checked(words, fact);
}

std::optional<Fact> parse_gone(Words& words) {
    GoneFact fact;
    fact.peak_memory = Bytes{words.number() * 1024};
    fact.cpu_time = Duration{words.number()};
    return checked(words, fact);
}

std::optional<Fact> parse_outside(Words& words) {
    OutsideFact fact;
    fact.signal = words.number<int>();
    fact.at = words.time();
    return checked(words, fact);
}

std::optional<Fact> parse_stop(Words& words) {
    StopFact fact;
    fact.asked = words.time();
    fact.deadline = words.time();
    return checked(words, fact);
}

std::optional<Fact> parse_outcome(std::string_view text) {
    const auto value = json::parse(text);
    if (!value) return std::nullopt;
    auto outcome = json::to_outcome(*value);
    if (!outcome) return std::nullopt;
    return OutcomeFact{std::move(*outcome)};
}

std::string text_of(std::initializer_list<std::string> words) {
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
    return line;
}

std::string micros(Time time) { return std::to_string(to_micros(time)); }

struct Formatter {
    std::string operator()(const ForkedFact& fact) const {
        return text_of({keeper::fact_forked, std::to_string(fact.task.pid), std::to_string(fact.task.start_ticks),
                        std::to_string(fact.watcher), fact.boot_id});
    }
    std::string operator()(const StartedFact& fact) const { return text_of({keeper::fact_started, micros(fact.at)}); }
    std::string operator()(const WarningFact& fact) const { return text_of({keeper::fact_warning, fact.text}); }
    std::string operator()(const FailedFact& fact) const {
        return text_of({keeper::fact_failed, std::to_string(fact.exit_code), micros(fact.at), fact.text});
    }
    std::string operator()(const ExitedFact& fact) const {
        if (fact.signal) return text_of({keeper::fact_signalled, std::to_string(*fact.signal), micros(fact.at)});
        return text_of({keeper::fact_exited, std::to_string(fact.exit_code.value_or(0)), micros(fact.at)});
    }
    std::string operator()(const LimitsFact& fact) const {
        return text_of({keeper::fact_limits, std::to_string(fact.cpu_per_second.value_or(Duration{}).count()),
                        std::to_string(fact.memory.value_or(Bytes{}).value)});
    }
    std::string operator()(const MemoryFact& fact) const {
        return text_of({keeper::fact_memory, std::to_string(fact.oom_kills),
                        std::to_string(fact.limit.value_or(Bytes{}).value),
                        std::to_string(fact.peak.value_or(Bytes{}).value)});
    }
    std::string operator()(const GoneFact& fact) const {
        return text_of(
            {keeper::fact_gone, std::to_string(fact.peak_memory.value / 1024), std::to_string(fact.cpu_time.count())});
    }
    std::string operator()(const AdoptedFact&) const { return keeper::fact_adopted; }
    std::string operator()(const OutsideFact& fact) const {
        return text_of({keeper::fact_outside, std::to_string(fact.signal), micros(fact.at)});
    }
    std::string operator()(const StopFact& fact) const {
        return text_of({keeper::fact_stop, micros(fact.asked), micros(fact.deadline)});
    }
    std::string operator()(const OutcomeFact& fact) const {
        return "outcome " + json::serialize(json::to_value(fact.outcome));
    }
};

} // namespace

std::optional<Fact> parse_fact(std::string_view line) {
    Words words(line);
    const auto name = words.word();
    if (name == keeper::fact_forked) return parse_forked(words);
    if (name == keeper::fact_started) {
        const Time at = words.time();
        return checked(words, StartedFact{at});
    }
    if (name == keeper::fact_warning) return WarningFact{std::string(words.rest())};
    if (name == keeper::fact_failed) return parse_failed(words);
    if (name == keeper::fact_exited || name == keeper::fact_signalled)
        return parse_exited(words, name == keeper::fact_signalled);
    if (name == keeper::fact_limits) return parse_limits(words);
    if (name == keeper::fact_memory) return parse_memory(words);
    if (name == keeper::fact_gone) return parse_gone(words);
    if (name == keeper::fact_adopted) return AdoptedFact{};
    if (name == keeper::fact_outside) return parse_outside(words);
    if (name == keeper::fact_stop) return parse_stop(words);
    if (name == "outcome") return parse_outcome(words.rest());
    return std::nullopt;
}

std::string format_fact(const Fact& fact) { return std::visit(Formatter{}, fact); }

} // namespace hk::exec
