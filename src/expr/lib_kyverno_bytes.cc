// Kyverno's hash and gzip.
#include "crypt/hash.h"
#include "doc/gzip.h"
#include "expr/internal/lib_util.h"
#include "expr/lib_kyverno.h"
#include "expr/limits.h"

namespace ameia::expr {
namespace internal {
namespace {

template <auto kDigest>
Value digest(CallContext& context, const Value* args, uint32_t) {
  if (args[0].str().size() > kHashBytesMax)
    return context.errorf("a text of more than %zu bytes is not hashed", kHashBytesMax);
  return context.string(kDigest(args[0].str()));
}

Value compress(CallContext& context, const Value* args, uint32_t) {
  if (!args[0].is(ValueKind::kString)) return context.error("gzip.compress takes a string");
  if (!context.room_for(args[0].str().size())) return context.no_room();
  return Value::of_bytes(context.arena.copy(doc::gzip(args[0].str())));
}

Value decompress(CallContext& context, const Value* args, uint32_t) {
  const base::Result<std::string> text = doc::gunzip(args[0].str(), kGunzipBytesMax);
  if (!text) return context.error(text.error().what);
  return context.room_for(text->size()) ? context.string(*text) : context.no_room();
}

constexpr Overload kBytes[] = {
    {"md5_string_non_prefixed", "md5(string) -> string", digest<crypt::md5_hex>},
    {"sha1_string_non_prefixed", "sha1(string) -> string", digest<crypt::sha1_hex>},
    {"sha256_string_non_prefixed", "sha256(string) -> string", digest<crypt::sha256_hex>},
    {"md5_string_prefixed", "hash.md5(string) -> string", digest<crypt::md5_hex>, nullptr, true},
    {"sha1_string_prefixed", "hash.sha1(string) -> string", digest<crypt::sha1_hex>, nullptr, true},
    {"sha256_string_prefixed", "hash.sha256(string) -> string", digest<crypt::sha256_hex>, nullptr, true},
    {"compress_any_bytes", "gzip.compress(dyn) -> bytes", compress, nullptr, true},
    {"decompress_bytes_string", "gzip.decompress(bytes) -> string", decompress, nullptr, true},
};

}  // namespace
}  // namespace internal

Library kyverno_bytes_library() {
  return {"kyverno.bytes", 0, internal::kBytes};
}

}  // namespace ameia::expr
