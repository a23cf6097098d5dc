#include "oci/layer_intake.hpp"

#include <zlib.h>

namespace hk::oci {

namespace {

constexpr std::size_t out_size = 256 * 1024;
constexpr int gzip_window = 15 + 16; // zlib's way to say that there is a gzip header

std::unexpected<Error> damaged() { return fail(Errc::corrupt, "a layer that the engine sent cannot be unpacked"); }

} // namespace

LayerIntake::LayerIntake(const LayerStore& store)
    : store_(store) {}

LayerIntake::~LayerIntake() {
    if (zlib_) ::inflateEnd(zlib_.get());
}

Result<> LayerIntake::feed(std::string_view bytes) {
    if (bytes.empty()) return {};
    carried_.update(bytes);
    carried_size_ += Bytes{static_cast<std::int64_t>(bytes.size())};
    if (form_ == Form::unknown) {
        form_ = static_cast<unsigned char>(bytes[0]) == 0x1f ? Form::gzip : Form::plain;
        if (form_ == Form::gzip) {
            zlib_ = std::make_unique<z_stream_s>();
            if (::inflateInit2(zlib_.get(), gzip_window) != Z_OK) return fail(Errc::internal, "zlib does not start");
        }
    }
    if (form_ == Form::gzip) return inflate(bytes);
    if (text_.size() + bytes.size() <= max_config_bytes) text_ += bytes;
    return put(bytes);
}

Result<> LayerIntake::inflate(std::string_view bytes) {
    std::string out(out_size, '\0');
    zlib_->next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    zlib_->avail_in = static_cast<unsigned>(bytes.size());
    while (zlib_->avail_in > 0) {
        if (stream_ended_) { // gzip files may be joined
            if (::inflateReset(zlib_.get()) != Z_OK) return damaged();
            stream_ended_ = false;
        }
        do {
            zlib_->next_out = reinterpret_cast<unsigned char*>(out.data());
            zlib_->avail_out = static_cast<unsigned>(out.size());
            const int done = ::inflate(zlib_.get(), Z_NO_FLUSH);
            if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) return damaged();
            stream_ended_ = done == Z_STREAM_END;
            HK_CHECK(put(std::string_view(out).substr(0, out.size() - zlib_->avail_out)));
        } while (zlib_->avail_out == 0 && !stream_ended_);
    }
    return {};
}

Result<> LayerIntake::put(std::string_view plain) {
    if (!file_) {
        HK_TRY(file_, store_.begin());
    }
    plain_.update(plain);
    plain_size_ += Bytes{static_cast<std::int64_t>(plain.size())};
    return file_->write(plain);
}

Result<LayerIntake::Taken> LayerIntake::finish(const Digest& carried) {
    const Digest digest = carried_.finish();
    if (digest != carried || !file_ || (form_ == Form::gzip && !stream_ended_))
        return fail(Errc::corrupt, "a layer that the engine sent does not match its digest");
    Taken taken{{plain_.finish(), plain_size_}, digest, carried_size_, {}};
    if (!store_.find(taken.layer.diff_id)) taken.new_bytes = plain_size_;
    HK_CHECK(store_.adopt(std::move(*file_), taken.layer.diff_id));
    file_.reset();
    HK_CHECK(store_.remember({taken.carried, taken.carried_size, taken.layer.diff_id}));
    return taken;
}

} // namespace hk::oci
