// Result<T>: a value, or an Error that an operator can act on. The error plane of the host.
// A guest program's error (a CEL error) is never an Error here: it is a value of the guest language.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ameia::base {

// Few and stable; a new code needs a caller that would act differently.
enum class Code : uint8_t {
  kUsage,         // the command line or an API call is wrong
  kInvalidInput,  // bytes, documents or programs that do not follow their format
  kNotFound,      // a named thing does not exist
  kLimit,         // a size, depth, time or cost limit was crossed
  kUnsupported,   // well formed, and not something Ameia can do
  kUnavailable,   // the world outside did not answer (file, socket)
  kVerification,  // a signature, hash or proof does not hold
  kInternal,      // a defect of Ameia
};

std::string_view to_string(Code code);

// `what` says what is wrong and how to mend it, never a secret. `where` is "file:line:column", a path or empty.
struct Error {
  Code code = Code::kInternal;
  std::string what;
  std::string where;

  // "where: what", or only "what".
  [[nodiscard]] std::string text() const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string what, std::string where = {}) {
  return std::unexpected(Error{code, std::move(what), std::move(where)});
}

}  // namespace ameia::base

// TRY(expr): the value of a Result, or return its error from the enclosing function.
#define TRY(expr)                                                             \
  __extension__({                                                             \
    auto try_result_ = (expr);                                                \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    std::move(*try_result_);                                                  \
  })
// TRY_STATUS(expr): the same for a Status.
#define TRY_STATUS(expr)                                                      \
  do {                                                                        \
    auto try_status_ = (expr);                                                \
    if (!try_status_) return std::unexpected(std::move(try_status_).error()); \
  } while (false)
