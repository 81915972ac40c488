#include "expr/internal/check_literals.h"

#include "expr/internal/time.h"
#include "expr/limits.h"
#include "expr/regex_cache.h"

namespace ameia::expr {

namespace {

class LiteralChecker {
 public:
  LiteralChecker(const Checked& checked, bool values, bool homogeneous)
      : checked_(checked), values_(values), homogeneous_(homogeneous) {}

  std::vector<Issue> run() {
    visit(checked_.ast->root, false);
    return std::move(issues_);
  }

 private:
  void issue(const Expr* at, std::string message) {
    if (issues_.size() < kIssuesMax) issues_.push_back({at->caret, std::move(message)});
  }

  // `exempt`: inside the arguments of format(), whose list of values is mixed by nature.
  void visit(const Expr* e, bool exempt) {
    if (e == nullptr) return;
    switch (e->kind) {
      case ExprKind::kCall:
        if (values_) visit_call(e);
        if (values_ && e->name == "format") {
          if (std::optional<Issue> found = check_format(checked_, e); found && issues_.size() < kIssuesMax)
            issues_.push_back(std::move(*found));
        }
        for (const Expr* arg : e->args) visit(arg, exempt || e->name == "format");
        break;
      case ExprKind::kList:
        if (homogeneous_ && !exempt) visit_list(e);
        for (const Expr* item : e->args) visit(item, exempt);
        break;
      case ExprKind::kMap:
      case ExprKind::kStruct:
        if (homogeneous_ && !exempt && e->kind == ExprKind::kMap) visit_map(e);
        for (const MapEntry& entry : e->entries) {
          visit(entry.key, exempt);
          visit(entry.value, exempt);
        }
        break;
      case ExprKind::kSelect: visit(e->operand, exempt); break;
      case ExprKind::kComprehension:
        for (const Expr* part :
             {e->loop->iter_range, e->loop->accu_init, e->loop->loop_condition, e->loop->loop_step, e->loop->result}) {
          visit(part, exempt);
        }
        break;
      default: break;
    }
  }

  void visit_call(const Expr* e) {
    const size_t first = e->receiver ? 1 : 0;
    if (e->args.size() <= first) return;
    const Expr* arg = e->args[first];
    if (arg->kind != ExprKind::kLiteral) return;
    if (arg->literal.kind == Literal::Kind::kInt && e->name == "timestamp") {
      const int64_t seconds = arg->literal.integer;
      if (seconds < internal::kSecondsMin || seconds > internal::kSecondsMax) issue(arg, "invalid timestamp argument");
    }
    if (arg->literal.kind != Literal::Kind::kString) return;
    const std::string_view text = arg->literal.text;
    bool good = true;
    if (e->name == "duration") {
      int64_t nanos = 0;
      good = internal::parse_duration(text, nanos);
    } else if (e->name == "timestamp") {
      int64_t seconds = 0;
      uint32_t nanos = 0;
      int16_t east = 0;
      good = internal::parse_rfc3339(text, seconds, nanos, east);
    } else if (e->name == "matches") {
      good = patterns_.add(text);
    }
    if (!good) issue(arg, "invalid " + std::string(e->name) + " argument");
  }

  const Type* type(const Expr* e, bool optional) const {
    const Type* found = checked_.types[e->id];
    return optional && found != nullptr && found->kind == TypeKind::kOptional ? found->params[0] : found;
  }
  bool same(const Expr* at, const Type* expected, const Type* found) {
    if (same_type(expected, found)) return true;
    issue(at, "expected type '" + to_string(expected) + "' but found '" + to_string(found) + "'");
    return false;
  }

  void visit_list(const Expr* e) {
    const Type* first = nullptr;
    size_t next_optional = 0;
    for (size_t i = 0; i < e->args.size(); ++i) {
      const bool optional = next_optional < e->optional_args.size() && e->optional_args[next_optional] == i;
      if (optional) ++next_optional;
      const Type* found = type(e->args[i], optional);
      if (first == nullptr)
        first = found;
      else if (!same(e->args[i], first, found))
        return;
    }
  }
  void visit_map(const Expr* e) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (const MapEntry& entry : e->entries) {
      const Type* key_found = type(entry.key, false);
      const Type* value_found = type(entry.value, entry.optional);
      if (key == nullptr) {
        key = key_found;
        value = value_found;
        continue;
      }
      same(entry.key, key, key_found);
      same(entry.value, value, value_found);
    }
  }

  const Checked& checked_;
  bool values_, homogeneous_;
  RegexCache patterns_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> check_literals(const Checked& checked, bool values, bool homogeneous) {
  return LiteralChecker(checked, values, homogeneous).run();
}

}  // namespace ameia::expr
