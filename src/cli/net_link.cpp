#include "base/file.hpp"
#include "cli/host_link.hpp"
#include "net/http_client.hpp"
#include "net/loop.hpp"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::cli {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr Duration upload_step = std::chrono::minutes(10);

struct Upload {
    net::Address address;
    net::Request request;
    Fd file;
    const OnChunk& on_chunk;
    const std::function<void(std::int64_t)>& sent;
};

/// Stops early, without an error, when the Host has answered before it has read everything.
net::Task<Result<>> send_file(net::HttpConnection& connection, const Upload& upload) {
    std::string piece(piece_bytes, '\0');
    std::int64_t total = 0;
    for (;;) {
        const ssize_t count = ::read(upload.file.get(), piece.data(), piece.size());
        if (count < 0) co_return fail(system_error("read", errno));
        if (count == 0) co_return Result<>{};
        const auto written =
            co_await connection.write_body_chunk(std::string_view(piece).substr(0, static_cast<std::size_t>(count)));
        if (!written) co_return Result<>{};
        total += count;
        upload.sent(total);
    }
}

net::Task<Result<net::Response>> read_answer(net::HttpConnection& connection, const OnChunk& on_chunk) {
    auto head = co_await connection.finish_upload();
    if (!head) co_return head;
    for (;;) {
        const auto piece = co_await connection.read_chunk(upload_step);
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return head;
        if (head->status >= 300) head->body += *piece;
        else if (!on_chunk(*piece)) co_return head;
    }
}

net::Task<Result<net::Response>> run_upload(Upload& upload) {
    net::CallLimits limits;
    limits.time = upload_step;
    auto opened = co_await net::HttpConnection::open(upload.address, limits);
    if (!opened) co_return fail(opened.error());
    const auto begun = co_await opened->begin_upload(std::move(upload.request));
    if (!begun) co_return fail(begun.error());
    const auto sent = co_await send_file(*opened, upload);
    if (!sent) co_return fail(sent.error());
    co_return co_await read_answer(*opened, upload.on_chunk);
}

class NetLink : public HostLink {
public:
    explicit NetLink(net::Address address)
        : address_(std::move(address)) {}

private:
    Result<net::Response> call(net::Request request, Duration limit) override {
        net::CallLimits limits;
        limits.time = limit;
        return net::fetch_blocking(address_, std::move(request), limits);
    }
    Result<net::Response> stream(net::Request request, Duration silence, const OnChunk& on_chunk) override {
        net::CallLimits limits;
        limits.time = silence;
        return net::stream_blocking(address_, std::move(request), limits, on_chunk);
    }
    Result<net::Response> upload(net::Request request, const std::string& file, const OnChunk& on_chunk,
                                 const std::function<void(std::int64_t)>& sent) override {
        Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!opened) return fail(system_error(file, errno));
        struct stat info{};
        if (fstat(opened.get(), &info) != 0) return fail(system_error(file, errno));
        request.headers.set("Content-Length", std::to_string(info.st_size));
        Upload upload{address_, std::move(request), std::move(opened), on_chunk, sent};
        net::Loop loop;
        return net::run_task(loop, run_upload(upload));
    }
    net::Address address_;
};

} // namespace

std::unique_ptr<HostLink> make_net_link(net::Address address) { return std::make_unique<NetLink>(std::move(address)); }

} // namespace hk::cli
