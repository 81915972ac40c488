// Steady composite fields: values that depend on nothing which changes from binding to binding but a key that the
// caller names (the namespace, for a variable made of resource.List(…, request.namespace)). They are computed once a
// key. Neighbours: eval.cc asks and fills, program.h (Machine::set_steady_key).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "expr/value.h"

namespace ameia::expr::internal {

struct SteadyValue {
  bool known = false;
  uint64_t cost = 0;
  Value value;
};

// Threads: one Machine's. Owns: copies of the values. Limits: kBytesMax; past it everything is forgotten and begun
// anew.
class SteadyValues {
 public:
  static constexpr size_t kBytesMax = size_t{64} << 20;

  explicit SteadyValues(size_t fields) : fields_(fields) {}
  void use(std::string_view key);
  [[nodiscard]] const SteadyValue& at(uint32_t field) const { return (*current_)[field]; }
  // Keeps a copy; a value that cannot be copied (an error, a library's own value) is computed again each time.
  void keep(uint32_t field, const Value& value, uint64_t cost);

 private:
  size_t fields_;
  base::Arena arena_;
  std::unordered_map<std::string, std::vector<SteadyValue>> by_key_;
  std::vector<SteadyValue>* current_ = nullptr;
  std::string key_;
};

}  // namespace ameia::expr::internal
