// Who made a result what it is: from the result down to the places in the documents.
#include <functional>
#include <set>

#include "expr/internal/explain.h"

namespace ameia::expr::internal {
namespace {

bool is_bool(const Value& v, bool wanted) {
  return v.kind == ValueKind::kBool && v.boolean == wanted;
}

class Finder {
 public:
  explicit Finder(std::function<void(const Seen&)> visit,
                  std::function<bool(const Seen&, const doc::Node*, std::string_view)> place)
      : visit_(std::move(visit)), place_(std::move(place)) {}

  // Follows the parts that decided `seen`. True when some place was found below.
  bool follow(const Seen& seen) {
    if (!visited_.insert(&seen).second) return true;
    visit_(seen);
    if (seen.value.is_error()) return follow_error(seen);
    switch (seen.expr->kind) {
      case ExprKind::kLiteral: return false;
      case ExprKind::kCall: return follow_call(seen);
      case ExprKind::kComprehension: return follow_loop(seen);
      case ExprKind::kList:
      case ExprKind::kMap:
      case ExprKind::kStruct: return follow_all(seen);
      default: return follow_value(seen);
    }
  }

 private:
  bool found_place(const Seen& seen) {
    if (!seen.missing.empty() && seen.parent != nullptr) return place_(seen, seen.parent, seen.missing);
    return seen.node != nullptr && place_(seen, seen.node, {});
  }

  // A name or a field. What a variable stands for tells more than the variable.
  bool follow_value(const Seen& seen) {
    bool computed =
        seen.origin != nullptr && seen.origin->expr != seen.expr && seen.origin->expr->kind != ExprKind::kLiteral &&
        !(seen.origin->node != nullptr && !is_bool(seen.origin->value, true) && !is_bool(seen.origin->value, false));
    if (computed && follow(*seen.origin)) return true;
    if (found_place(seen)) return true;
    bool any = false;
    for (const Seen* part : seen.parts) any = follow(*part) || any;
    return any;
  }

  bool follow_all(const Seen& seen) {
    bool any = false;
    for (const Seen* part : seen.parts) any = follow(*part) || any;
    return any || found_place(seen);
  }

  bool follow_error(const Seen& seen) {
    bool any = false;
    for (const Seen* part : seen.parts) {
      if (part->value.is_error()) any = follow(*part) || any;
    }
    if (!any && seen.origin != nullptr && seen.origin->value.is_error()) any = follow(*seen.origin);
    if (any || found_place(seen)) return true;
    for (const Seen* part : seen.parts) any = follow(*part) || any;
    return any;
  }

  bool follow_call(const Seen& seen) {
    std::string_view name = seen.expr->name;
    bool any = false;
    if (name == "_||_" && is_bool(seen.value, false)) {
      // Guards come first (`!has(x) || …`): the last arm that shows something is what the rule is about.
      for (size_t i = seen.parts.size(); i > 0 && !any; --i) any = follow(*seen.parts[i - 1]);
      return any;
    }
    if (name == "_&&_" || name == "_||_") {
      for (const Seen* part : seen.parts) {
        if (part->value.kind == ValueKind::kBool && part->value.boolean == seen.value.boolean)
          any = follow(*part) || any;
      }
      return any;
    }
    if (name == "_?_:_") {
      if (seen.parts.size() > 1) any = follow(*seen.parts[1]);
      return any || follow(*seen.parts[0]);
    }
    if (name == "_[_]" || name == "_?._" || name == "_[?_]") return follow_value(seen);
    if (seen.expr->receiver && (name == "orValue" || name == "or")) {
      any = follow(*seen.parts[0]);
      return seen.parts.size() > 1 ? follow(*seen.parts[1]) || any : any;
    }
    return follow_all(seen);
  }

  bool follow_loop(const Seen& seen) {
    const Comprehension& c = *seen.expr->loop;
    bool quantifier =
        c.loop_step->kind == ExprKind::kCall && (c.loop_step->name == "_&&_" || c.loop_step->name == "_||_");
    bool any = false;
    if (c.iter_range->kind == ExprKind::kList && c.iter_range->args.empty() && !seen.parts.empty() &&
        seen.parts[0]->expr == c.result) {
      return follow(*seen.parts[0]);  // cel.bind
    }
    bool counting = !quantifier && c.result->kind == ExprKind::kCall && c.result->name == "_==_";
    bool any_kept = false;
    for (size_t i = 1; i < seen.parts.size(); ++i) any_kept = any_kept || seen.parts[i]->turn_kept;
    // Nothing in the list is as it should be: the list is to blame, not each of its elements.
    bool lacking = (quantifier && c.loop_step->name == "_||_" && is_bool(seen.value, false)) || (counting && !any_kept);
    if (lacking && !seen.parts.empty() && follow(*seen.parts[0])) return true;
    for (size_t i = 1; i < seen.parts.size(); ++i) {
      const Seen& turn = *seen.parts[i];
      bool counts = quantifier ? is_bool(turn.value, seen.value.is_true()) : turn.turn_kept;
      if (counting) counts = turn.turn_kept || !any_kept;
      if (!counts) continue;
      bool below = false;
      for (const Seen* part : turn.parts) below = follow(*part) || below;
      if (!below && turn.node != nullptr) below = place_(turn, turn.node, {});
      any = any || below;
    }
    return any || (!seen.parts.empty() && follow(*seen.parts[0]));
  }

  std::function<void(const Seen&)> visit_;
  std::function<bool(const Seen&, const doc::Node*, std::string_view)> place_;
  std::set<const Seen*> visited_;
};

}  // namespace

void find_blame(const Seen& root, Beyond& beyond, std::vector<Blame>& out) {
  std::set<std::pair<const doc::Node*, std::string>> known;
  Finder finder([](const Seen&) {},
                [&](const Seen& seen, const doc::Node* node, std::string_view missing) {
                  if (known.emplace(node, std::string(missing)).second) {
                    out.push_back({node, std::string(missing), missing.empty() ? std::string() : beyond.below(seen),
                                   seen.expr->id});
                  }
                  return true;
                });
  finder.follow(root);
}

void mark_decisive(const Seen& root, std::vector<TraceStep>& steps) {
  Finder finder(
      [&](const Seen& seen) {
        if (seen.step < steps.size()) steps[seen.step].decisive = true;
      },
      [](const Seen&, const doc::Node*, std::string_view) { return true; });
  finder.follow(root);
}

}  // namespace ameia::expr::internal
