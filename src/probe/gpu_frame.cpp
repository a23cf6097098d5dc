#include "probe/gpu_frame.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace hk::probe {
namespace {

constexpr std::string_view end_line = "end\n";

/// The fields of a GPU in the order of the line, visited by the writer and the reader alike.
template <class GpuType, class Visit>
void each_field(GpuType& gpu, Visit visit) {
    visit(gpu.id), visit(gpu.uuid), visit(gpu.name), visit(gpu.vendor), visit(gpu.driver_version),
        visit(gpu.pci_bus_id);
    visit(gpu.healthy), visit(gpu.problem), visit(gpu.utilization), visit(gpu.memory_utilization);
    visit(gpu.graphics_clock_mhz), visit(gpu.memory_clock_mhz), visit(gpu.memory_total_mib), visit(gpu.memory_used_mib);
    visit(gpu.memory_free_mib), visit(gpu.temperature), visit(gpu.fan_speed), visit(gpu.power_usage_mw);
    visit(gpu.power_limit_mw), visit(gpu.mig_parent);
}

template <class ProcessType, class Visit>
void each_field_of_process(ProcessType& process, Visit visit) {
    visit(process.pid), visit(process.user), visit(process.command), visit(process.memory.value), visit(process.task);
}

class LineWriter {
public:
    explicit LineWriter(std::string& out, std::string_view kind)
        : out_(out) {
        out_ += kind;
    }
    ~LineWriter() { out_ += '\n'; }
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    void operator()(const std::string& text) { (out_ += '\t') += clean_text(text, 4096); }
    void operator()(bool value) { (out_ += '\t') += value ? '1' : '0'; }
    void operator()(int value) { (out_ += '\t') += std::to_string(value); }
    void operator()(std::int64_t value) { (out_ += '\t') += std::to_string(value); }
    void operator()(const std::optional<TaskId>& task) { (*this)(task ? task->value : -1); }
    void operator()(double value) {
        std::array<char, 64> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        (out_ += '\t').append(digits.data(), end);
    }

private:
    std::string& out_;
};

class LineReader {
public:
    explicit LineReader(std::string_view line)
        : rest_(line) {
        next();
    }
    void operator()(std::string& text) { text = clean_text(next(), 4096); }
    void operator()(bool& value) {
        const auto field = next();
        value = field == "1";
        good_ = good_ && (field == "1" || field == "0");
    }
    void operator()(std::optional<TaskId>& task) {
        std::int64_t number = -1;
        (*this)(number);
        if (number >= 0) task = TaskId{number};
    }
    template <class Number>
    void operator()(Number& value) {
        const auto field = next();
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        good_ = good_ && error == std::errc() && end == field.data() + field.size() && in_range(value);
    }
    bool finished() const { return good_ && ended_; }

private:
    /// No reading is below -1, and every number fits where JSON readers keep theirs.
    template <class Number>
    static bool in_range(Number value) {
        return value >= Number(-1) && static_cast<double>(value) <= 9.007e15;
    }

    std::string_view next() {
        good_ = good_ && !ended_;
        const auto tab = rest_.find('\t');
        const auto field = rest_.substr(0, tab);
        ended_ = tab == rest_.npos;
        rest_ = ended_ ? std::string_view() : rest_.substr(tab + 1);
        return field;
    }
    std::string_view rest_;
    bool good_ = true;
    bool ended_ = false;
};

std::unexpected<Error> damaged(std::string_view line) {
    return fail(Errc::corrupt, "the GPU reader wrote a line that makes no sense: " + clean_text(line, 80));
}

Result<> read_line_into(GpuFrame& frame, std::string_view line) {
    LineReader reader(line);
    if (line.starts_with("gpu\t")) {
        Gpu gpu;
        each_field(gpu, [&](auto& field) { reader(field); });
        if (!reader.finished() || frame.gpus.size() >= most_gpus) return damaged(line);
        frame.gpus.push_back(std::move(gpu));
    } else if (line.starts_with("process\t")) {
        GpuProcess process;
        each_field_of_process(process, [&](auto& field) { reader(field); });
        if (!reader.finished() || frame.gpus.empty()) return damaged(line);
        auto& processes = frame.gpus.back().processes;
        if (processes.size() < most_gpu_processes) processes.push_back(std::move(process));
    } else if (line.starts_with("problem\t")) {
        reader(frame.problem);
        if (!reader.finished()) return damaged(line);
    } else {
        return damaged(line);
    }
    return {};
}

} // namespace

std::string encode_frame(const GpuFrame& frame) {
    std::string text;
    if (!frame.problem.empty()) LineWriter(text, "problem")(frame.problem);
    for (const Gpu& gpu : frame.gpus) {
        {
            LineWriter line(text, "gpu");
            each_field(gpu, [&](const auto& field) { line(field); });
        }
        for (std::size_t i = 0; i < std::min(gpu.processes.size(), most_gpu_processes); ++i) {
            LineWriter line(text, "process");
            each_field_of_process(gpu.processes[i], [&](const auto& field) { line(field); });
        }
    }
    return text += end_line;
}

Result<GpuFrame> decode_frame(std::string_view text) {
    if (text != end_line && !text.ends_with("\nend\n")) return damaged(text);
    text.remove_suffix(end_line.size());
    GpuFrame frame;
    for (const auto line : split_lines(text)) HK_CHECK(read_line_into(frame, line));
    return frame;
}

std::size_t frame_length(std::string_view stream) {
    if (stream.starts_with(end_line)) return end_line.size();
    const auto end = stream.find("\nend\n");
    return end == stream.npos ? 0 : end + 5;
}

} // namespace hk::probe
