#include "host/log_reader.hpp"

#include "host/byte_range.hpp"
#include "host/log_times.hpp"
#include "host/output_file.hpp"
#include "proto/error_map.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hk::host {
namespace {

constexpr unsigned threads = 4; ///< so that one stuck file system leaves some for others
constexpr std::size_t most_waiting = 256;
constexpr std::size_t chunk = 256 * 1024; ///< of a followed file
constexpr std::int64_t most_tail_lines = 100'000;
constexpr Duration look_again = std::chrono::milliseconds(200);

const net::Headers::Field plain{"Content-Type", "text/plain; charset=utf-8"};

net::Headers log_headers(std::int64_t size) {
    // What a task writes is never taken for a page, whatever it looks like.
    return {plain,
            {"X-Content-Type-Options", "nosniff"},
            {"Content-Security-Policy", "sandbox"},
            {"X-Total-Size", std::to_string(size)},
            {"Accept-Ranges", "bytes"},
            {"Cache-Control", "no-store"}};
}

std::optional<std::int64_t> number(std::optional<std::string_view> text) {
    std::int64_t value = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size() || value < 0) return std::nullopt;
    return value;
}

net::Task<void> refuse(net::Exchange& exchange, const Error& error) {
    return exchange.respond(net::json_response(proto::http_status(error.code), proto::error_body(error)));
}

} // namespace

LogReader::LogReader(net::Loop& loop, Engine& engine, Queries& queries)
    : engine_(engine)
    , queries_(queries)
    , pool_(loop, threads, most_waiting) {}

std::filesystem::path LogReader::path_of(TaskId id, Stream stream) const {
    return stream == Stream::out ? queries_.logs().out(id) : queries_.logs().err(id);
}

net::Task<Result<LogReader::Opened>> LogReader::open(std::filesystem::path path) {
    auto job = [path = std::move(path)]() -> Result<Opened> {
        HK_TRY(Fd file, open_output(path));
        HK_TRY(const std::int64_t size, size_of(file));
        return Opened{std::move(file), size};
    };
    auto opening = pool_.run(std::move(job));
    co_return co_await std::move(opening);
}

net::Task<Result<std::string>> LogReader::read(std::filesystem::path path, std::int64_t offset, std::size_t most) {
    auto job = [path = std::move(path), offset, most]() -> Result<std::string> {
        HK_TRY(const Fd file, open_output(path));
        return read_at(file, offset, most);
    };
    auto reading = pool_.run(std::move(job));
    co_return co_await std::move(reading);
}

net::Task<void> LogReader::serve(net::Exchange& exchange, TaskId id, Stream stream) {
    auto known = co_await queries_.exists(id);
    if (!known) {
        co_await refuse(exchange, known.error());
        co_return;
    }
    const auto path = path_of(id, stream);
    const auto tail = exchange.request().query_value("tail");
    if (exchange.request().query_value("follow").value_or("0") != "0") {
        co_await follow(exchange, id, path);
    } else if (tail && !number(tail)) {
        const Error error{Errc::invalid, "tail must be a number of lines", {{"/tail", "expected a number"}}};
        co_await refuse(exchange, error);
    } else if (tail) {
        co_await serve_tail(exchange, path, std::min(*number(tail), most_tail_lines));
    } else {
        co_await serve_range(exchange, path);
    }
}

net::Task<void> LogReader::serve_times(net::Exchange& exchange, TaskId id, Stream stream) {
    const auto task = co_await queries_.task(id);
    if (!task) co_return co_await refuse(exchange, task.error());
    const auto from = exchange.request().query_value("from");
    const auto to = exchange.request().query_value("to");
    for (const auto& [name, value] : {std::pair{"from", from}, std::pair{"to", to}}) {
        if (!value || number(value)) continue;
        Error error{Errc::invalid, std::string(name) + " must be an offset in bytes", {}};
        error.fields.push_back({std::string("/") + name, "expected a number"});
        co_return co_await refuse(exchange, error);
    }
    const auto output = path_of(id, stream);
    LogTimesQuery query{.output = output,
                        .marks = queries_.logs().times(output),
                        .from = number(from).value_or(0),
                        .to = number(to).value_or(std::numeric_limits<std::int64_t>::max()),
                        .completed = task->completed_at};
    auto job = [query = std::move(query)] { return read_log_times(query); };
    auto reading = pool_.run(std::move(job));
    auto marks = co_await std::move(reading);
    if (!marks) co_return co_await refuse(exchange, marks.error());
    net::Response response = net::json_response(200, proto::to_json(proto::LogTimes{std::move(*marks)}));
    response.headers.set("Cache-Control", "no-store");
    co_await exchange.respond(std::move(response));
}

net::Task<void> LogReader::serve_range(net::Exchange& exchange, const std::filesystem::path& path) {
    auto opened = co_await open(path);
    if (!opened) {
        co_await refuse(exchange, opened.error());
        co_return;
    }
    const std::int64_t size = opened->size;
    const ByteRange range = parse_range(exchange.request().headers.get("Range").value_or(""), size);
    net::Headers headers = log_headers(size);
    if (range.kind == ByteRange::Kind::unsatisfiable) {
        headers.set("Content-Range", "bytes */" + std::to_string(size));
        net::Response response{416, std::move(headers), ""};
        co_await exchange.respond(std::move(response));
        co_return;
    }
    const bool partial = range.kind == ByteRange::Kind::part;
    if (partial) headers.set("Content-Range", content_range(range, size));
    net::FileRange part{std::move(opened->file), range.offset, range.length, &pool_};
    co_await exchange.send_file(std::move(part), std::move(headers), partial ? 206 : 200);
}

net::Task<void> LogReader::serve_tail(net::Exchange& exchange, std::filesystem::path path, std::int64_t lines) {
    auto job = [path = std::move(path), lines]() -> Result<std::pair<Opened, std::int64_t>> {
        HK_TRY(Fd file, open_output(path));
        HK_TRY(const std::int64_t size, size_of(file));
        if (lines == 0) return std::pair{Opened{std::move(file), size}, size};
        HK_TRY(const std::int64_t start, tail_start(file, size, lines));
        return std::pair{Opened{std::move(file), size}, start};
    };
    auto finding = pool_.run(std::move(job));
    auto found = co_await std::move(finding);
    if (!found) {
        co_await refuse(exchange, found.error());
        co_return;
    }
    auto& [opened, start] = *found;
    net::Headers headers = log_headers(opened.size);
    headers.set("X-Offset", std::to_string(start));
    net::FileRange part{std::move(opened.file), start, opened.size - start, &pool_};
    co_await exchange.send_file(std::move(part), std::move(headers));
}

net::Task<void> LogReader::follow(net::Exchange& exchange, TaskId id, std::filesystem::path path) {
    std::int64_t offset = number(exchange.request().query_value("offset")).value_or(0);
    net::Headers headers{plain,
                         {"X-Content-Type-Options", "nosniff"},
                         {"Cache-Control", "no-store"},
                         {"X-Offset", std::to_string(offset)}};
    auto begun = co_await exchange.begin(200, std::move(headers));
    if (!begun) co_return;
    net::Signal wake;
    exchange.watch_peer(wake);
    while (!exchange.gone()) {
        const bool last_look = over(id); // asked before reading, so that nothing written before the end is missed
        auto text = co_await read(path, offset, chunk);
        if (!text) co_return;
        if (!text->empty()) {
            offset += static_cast<std::int64_t>(text->size());
            auto written = co_await exchange.write(*text);
            if (!written) co_return;
        } else if (last_look) {
            co_await exchange.finish();
            co_return;
        } else {
            (void)co_await wake.wait(look_again);
        }
    }
}

} // namespace hk::host
