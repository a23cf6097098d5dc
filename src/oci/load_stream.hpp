#pragma once
#include "base/file.hpp"
#include "oci/image.hpp"
#include "oci/tar.hpp"

#include <set>
#include <span>

namespace hk::oci {

/// An image archive for `docker load`, made while it is read: the config, the layers that the engine does not have,
/// the manifest last. Each layer is hashed on its way; when one does not match, the archive ends before its manifest
/// with an error, so that no engine can make an image of it. No tag is set. Blocking; one thread at a time.
class LoadStream {
public:
    /// `present`: how many of the lowest layers to leave out (a thin archive), for an engine knows a layer only
    /// together with those below it. 0: a full archive, readable by everybody.
    LoadStream(StoredImage image, std::size_t present);
    /// The whole archive's size.
    Bytes total() const { return total_; }
    /// Layer bytes that are in it.
    Bytes layer_bytes() const { return layer_bytes_; }
    /// Fills `buffer`; zero bytes mean the end.
    Result<std::size_t> read(std::span<char> buffer);

private:
    struct Part {
        std::string text;  ///< sent first
        int layer = -1;    ///< then this layer's bytes
        std::string after; ///< then this
    };
    Result<> open_layer(int index);
    Result<std::size_t> read_layer(std::span<char> buffer);
    Result<> check_layer();
    std::size_t take(std::string& text, std::span<char> buffer);

    StoredImage image_;
    std::vector<Part> parts_;
    std::size_t part_ = 0;
    Fd file_;
    int open_layer_ = -1;
    std::int64_t left_ = 0;
    Sha256 hash_;
    Bytes total_, layer_bytes_;
};

} // namespace hk::oci
