#include "doc/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>

namespace ameia::doc {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, in gzip's frame
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr int kUnknownSystem = 255;

uInt piece_of(std::string_view rest) {
  return static_cast<uInt>(std::min<size_t>(rest.size(), UINT_MAX));
}
Bytef* readable(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzipWindow) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  gz_header header{};
  header.os = kUnknownSystem;
  deflateSetHeader(&stream, &header);
  std::string out;
  std::array<char, size_t{64} << 10> buffer{};
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) {
      stream.next_in = readable(bytes);
      stream.avail_in = piece_of(bytes);
      bytes.remove_prefix(stream.avail_in);
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

base::Result<std::string> gunzip(std::string_view bytes, size_t bytes_max) {
  if (bytes.empty()) return base::fail(base::Code::kInvalidInput, "EOF");
  Inflater inflater;
  if (!inflater.ready) return base::fail(base::Code::kInternal, "zlib could not begin to inflate");
  z_stream& stream = inflater.stream;
  std::string out;
  std::array<char, size_t{64} << 10> buffer{};
  while (true) {
    if (stream.avail_in == 0) {
      stream.next_in = readable(bytes);
      stream.avail_in = piece_of(bytes);
      bytes.remove_prefix(stream.avail_in);
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const size_t made = buffer.size() - stream.avail_out;
    if (made > bytes_max - out.size())
      return base::fail(base::Code::kLimit, "gzip: more than " + std::to_string(bytes_max) + " bytes come out");
    out.append(buffer.data(), made);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0 && bytes.empty()) return out;
      inflateReset(&stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && bytes.empty() && made == 0)) {
      return base::fail(base::Code::kInvalidInput, "unexpected EOF");
    } else if (status != Z_OK) {
      const std::string_view why = stream.msg == nullptr ? "" : stream.msg;
      if (why.find("header") != std::string_view::npos || why.find("compression method") != std::string_view::npos)
        return base::fail(base::Code::kInvalidInput, "gzip: invalid header");
      if (why.find("check") != std::string_view::npos)
        return base::fail(base::Code::kInvalidInput, "gzip: invalid checksum");
      return base::fail(base::Code::kInvalidInput, "flate: corrupt input: " + std::string(why));
    }
  }
}

}  // namespace ameia::doc
