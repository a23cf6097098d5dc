#pragma once
#include "base/result.hpp"
#include "model/node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hk::probe {

constexpr std::size_t most_gpus = 256;          ///< of one driver, MIG devices included
constexpr std::size_t most_gpu_processes = 256; ///< of one GPU
constexpr std::size_t most_frame_bytes = 4 << 20;

/// What a GPU reader says about one driver, once per question.
struct GpuFrame {
    std::vector<Gpu> gpus; ///< `id` is the place in the driver's own order
    std::string problem;   ///< why the driver as a whole gave nothing
    friend bool operator==(const GpuFrame&, const GpuFrame&) = default;
};

/// Lines of tab-separated fields ("gpu", "process", "problem") and at last "end".
std::string encode_frame(const GpuFrame& frame);

/// The reverse, "end" line included. The other side may have crashed in mid-word: fails with
/// corrupt on anything else.
Result<GpuFrame> decode_frame(std::string_view text);

/// Where the first whole frame of a stream ends, 0 when it has not come in whole yet.
std::size_t frame_length(std::string_view stream);

} // namespace hk::probe
